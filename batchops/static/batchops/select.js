// Tick or clear a page of checkboxes, and offer what can be done with the ticked ones.
const bar = document.querySelector("[data-selected]");

function boxes() {
  return [...bar.elements].filter(({ name }) => name === "id");
}

function show() {
  const ticked = boxes().filter((box) => box.checked).length;
  const all = document.querySelector("[data-select-all]");
  if (all) {
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && !all.checked;
  }
  bar.querySelector("[data-selected-count]").textContent = ticked;
  for (const node of bar.querySelectorAll("button")) node.disabled = !ticked;
}

if (bar) {
  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-select-all]")) {
      for (const box of boxes()) box.checked = target.checked;
    }
    show();
  });
  show();
}
