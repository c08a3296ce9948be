// Says beside the form of documents who the recipients are, and puts their fields into the template.
import { asker } from "./asking.js";

for (const shown of document.querySelectorAll("[data-recipients]")) {
  const form = shown.closest("form");
  const template = form.querySelector("[name=param-template]");
  const ask = () => fetch(shown.dataset.recipients, { method: "POST", body: new FormData(form) });
  const askSoon = asker(ask, (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    shown.replaceChildren(...page.body.childNodes);
  });

  form.addEventListener("input", askSoon);
  // An upload that is complete, or taken back, is named by a hidden field.
  new MutationObserver(askSoon).observe(form.querySelector("[data-upload]"), {
    subtree: true,
    childList: true,
    attributeFilter: ["disabled"],
  });
  shown.addEventListener("click", ({ target }) => {
    const name = target.closest("[data-insert]")?.dataset.insert;
    if (!name) return;
    template.setRangeText(`{${name}}`, template.selectionStart, template.selectionEnd, "end");
    template.focus();
    askSoon();
  });
  askSoon();
}
