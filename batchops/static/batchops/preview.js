// Shows beside a field, while one writes, what the server makes of it: one line of text each.
import { asker } from "./asking.js";

const WAIT_MS = 250;

for (const shown of document.querySelectorAll("[data-preview-of]")) {
  const field = document.getElementById(shown.dataset.previewOf);
  const ask = () => fetch(`${shown.dataset.preview}?text=${encodeURIComponent(field.value)}`);
  const show = (text) => {
    const lines = text.split("\n").map((textContent) => Object.assign(document.createElement("div"), { textContent }));
    shown.replaceChildren(...lines);
  };
  field?.addEventListener("input", asker(WAIT_MS, ask, show));
}
