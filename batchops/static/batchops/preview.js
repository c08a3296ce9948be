// Shows beside a field, while one writes, what the server makes of it: one line of text each.
const WAIT_MS = 250;

for (const shown of document.querySelectorAll("[data-preview-of]")) {
  const field = document.getElementById(shown.dataset.previewOf);
  let timer = 0;
  let asked = 0;

  const ask = async () => {
    const mine = ++asked;
    const answer = await fetch(`${shown.dataset.preview}?text=${encodeURIComponent(field.value)}`);
    if (mine === asked && answer.ok) show((await answer.text()).split("\n"));
  };
  const show = (lines) => {
    shown.replaceChildren(
      ...lines.map((line) => Object.assign(document.createElement("div"), { textContent: line })),
    );
  };

  field?.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => ask().catch(() => {}), WAIT_MS);
  });
}
