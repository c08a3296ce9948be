// Says beside the form of documents who the recipients are, and puts their fields into the template.
const WAIT_MS = 400;

for (const shown of document.querySelectorAll("[data-recipients]")) {
  const form = shown.closest("form");
  const template = form.querySelector("[name=param-template]");
  let timer = 0;
  let asked = 0;

  async function ask() {
    const mine = ++asked;
    const answer = await fetch(shown.dataset.recipients, {
      method: "POST",
      body: new FormData(form),
    });
    if (mine !== asked || !answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    shown.replaceChildren(...page.body.childNodes);
  }
  function askSoon() {
    clearTimeout(timer);
    timer = setTimeout(() => ask().catch(() => {}), WAIT_MS);
  }

  form.addEventListener("input", askSoon);
  // An upload that is complete, or taken back, is named by a hidden field.
  new MutationObserver(askSoon).observe(form.querySelector("[data-upload]"), {
    subtree: true,
    childList: true,
    attributeFilter: ["disabled"],
  });
  shown.addEventListener("click", ({ target }) => {
    const name = target.closest("[data-insert]")?.dataset.insert;
    if (name === undefined) return;
    template.setRangeText(`{${name}}`, template.selectionStart, template.selectionEnd, "end");
    template.focus();
    askSoon();
  });
  askSoon();
}
