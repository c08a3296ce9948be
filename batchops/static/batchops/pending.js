// A button that was pressed says so until the answer stands on the page, and is not pressed twice.
const GIVE_UP_MS = 15_000; // whoever stopped loading may press again

const sent = new Map();

document.addEventListener("submit", (event) => {
  const { target, submitter } = event;
  const method = submitter?.getAttribute("formmethod") ?? target.getAttribute("method");
  if (method?.toLowerCase() !== "post" || event.defaultPrevented || submitter?.formTarget) return;
  if (sent.has(target)) return event.preventDefault();
  sent.set(target, submitter);
  if (submitter) submitter.ariaBusy = "true";
  const voice = document.querySelector("[data-voice]");
  if (voice) voice.textContent = voice.dataset.pending;
  setTimeout(release, GIVE_UP_MS, target);
});

addEventListener("pageshow", () => [...sent.keys()].forEach(release));

function release(form) {
  sent.get(form)?.removeAttribute("aria-busy");
  sent.delete(form);
}
