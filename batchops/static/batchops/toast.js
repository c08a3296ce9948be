// Lift messages to the corner, and let screen readers say them. Only good news leaves by itself.

const STAY_MS = 8000;
const LEAVES = new Set(["success", "info", "debug"]);

const list = document.querySelector("[data-toasts]");

function leaveLater(toast) {
  let timer = 0;
  const start = () => {
    timer = setTimeout(() => toast.remove(), STAY_MS);
  };
  const stop = () => clearTimeout(timer);
  for (const way of ["pointerenter", "focusin"]) toast.addEventListener(way, stop);
  for (const way of ["pointerleave", "focusout"]) toast.addEventListener(way, start);
  start();
}

function lift(toasts) {
  list.classList.add("is-floating");
  // A live region is read out only when something enters it after the page has loaded.
  list.replaceChildren(...toasts);
  for (const toast of toasts) {
    const keeps = toast.querySelector("code, a");
    if (LEAVES.has(toast.dataset.toast) && !keeps) leaveLater(toast);
  }
}

list?.addEventListener("click", (event) => {
  event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove();
});

if (list?.children.length) {
  requestAnimationFrame(() => lift([...list.children]));
}
