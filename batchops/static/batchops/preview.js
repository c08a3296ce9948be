// Shows beside a field, while one writes, what the server makes of it: one line of text each.
import { asker } from "./asking.js";

for (const shown of document.querySelectorAll("[data-preview-of]")) {
  const field = document.getElementById(shown.dataset.previewOf);
  const ask = () => fetch(`${shown.dataset.preview}?text=${encodeURIComponent(field.value)}`);
  field?.addEventListener("input", asker(ask, (text) => (shown.textContent = text)));
}
