// Lift the messages to the corner, say them to screen readers, and let them be closed.
// Good news leaves by itself; a warning or an error stays until somebody closes it.

const STAY_MS = 8000;
const LEAVES = new Set(["success", "info", "debug"]);

const list = document.querySelector("[data-toasts]");

function leaveLater(toast) {
  let timer = 0;
  const start = () => {
    timer = setTimeout(() => toast.remove(), STAY_MS);
  };
  const stop = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", stop);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusin", stop);
  toast.addEventListener("focusout", start);
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
