// Show whether the page is live, and since when it is not.
import { now } from "./clock.js";
import { clock } from "./formats.js";

let shown = "";
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
}
