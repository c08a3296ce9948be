// A button that was pressed says so until the answer stands on the page, and is not pressed twice.
const GIVE_UP_MS = 15_000; // whoever stopped loading may press again

const voice = document.querySelector("[data-voice]");
const sent = new Map();

document.addEventListener("submit", (event) => {
  const { target, submitter } = event;
  const method = submitter?.formMethod || target.getAttribute("method");
  if (method !== "post" || event.defaultPrevented || submitter?.formTarget) return;
  if (sent.has(target)) return event.preventDefault();
  sent.set(target, submitter);
  submitter?.setAttribute("aria-busy", "true");
  if (voice) voice.textContent = voice.dataset.pending;
  setTimeout(release, GIVE_UP_MS, target);
});

addEventListener("pageshow", () => [...sent.keys()].forEach(release));

function release(form) {
  sent.get(form)?.removeAttribute("aria-busy");
  sent.delete(form);
}
