// Show whether the page is live, and say it to screen readers, but not at every flicker.
import { now } from "./clock.js";
import { clock } from "./formats.js";

const SAY_EVERY_MS = 15_000;

let shown = "";
let saidAt = -SAY_EVERY_MS;
let timer = 0;
let seenAt = now();

export function showState(state) {
  if (state === "live") seenAt = now();
  if (state === shown) return;
  shown = state;
  for (const chip of document.querySelectorAll("[data-live-status]")) {
    chip.dataset.liveStatus = state;
    for (const node of chip.querySelectorAll("[data-when]")) node.hidden = node.dataset.when !== state;
    for (const node of chip.querySelectorAll("[data-live-seen]")) node.textContent = clock(seenAt);
  }
  clearTimeout(timer);
  timer = setTimeout(say, Math.max(saidAt + SAY_EVERY_MS - performance.now(), 0));
}

function say() {
  const words = document.querySelector(`[data-live-status] [data-when="${shown}"]`)?.textContent.trim();
  const voice = document.querySelector("[data-live-voice]");
  if (!voice || !words || voice.textContent === words) return;
  voice.textContent = words;
  saidAt = performance.now();
}
