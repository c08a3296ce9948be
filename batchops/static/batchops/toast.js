// Lift messages to the corner, and let screen readers say them. Only good news leaves by itself.

const STAY_MS = 8000;
const LEAVES = ":is([data-toast=success], [data-toast=info], [data-toast=debug]):not(:has(code, a))";

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

function lift() {
  list.classList.add("is-floating");
  // A live region is read out only when something enters it after the page has loaded.
  list.replaceChildren(...list.children);
  list.querySelectorAll(LEAVES).forEach(leaveLater);
}

list?.addEventListener("click", ({ target }) => {
  target.closest("[data-toast-close]")?.closest("[data-toast]").remove();
});

if (list?.children.length) requestAnimationFrame(lift);
