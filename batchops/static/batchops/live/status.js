// Show whether the page is live, and since when it is not.
import { now } from "./clock.js";
import { clock } from "./formats.js";

const chip = document.querySelector("[data-live-status]");
let seenAt = now();

document.addEventListener("live-state", ({ detail: state }) => {
  if (state === "live") seenAt = now();
  if (!chip || chip.dataset.liveStatus === state) return;
  chip.dataset.liveStatus = state;
  for (const node of chip.querySelectorAll("[data-when]")) node.hidden = node.dataset.when !== state;
  for (const node of chip.querySelectorAll("[data-live-seen]")) node.textContent = clock(seenAt);
});
