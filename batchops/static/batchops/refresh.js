// Draw the whole page anew every so often, beside what is pushed to it, and count down to that.
import { renew } from "./live.js";
import { countdown } from "./live/formats.js";

const TICK_MS = 1000;

for (const place of document.querySelectorAll("[data-refresh-every]")) begin(place);

function begin(place) {
  const rest = place.querySelector("[data-rest]");
  const next = () => performance.now() + place.dataset.refreshEvery * 1000;
  let due = next();
  const refresh = () => {
    renew();
    due = next();
  };
  const tick = () => {
    if (performance.now() >= due) refresh();
    rest.textContent = countdown((due - performance.now()) / 1000);
  };
  tick();
  place.hidden = false;
  place.querySelector("button").addEventListener("click", refresh);
  setInterval(tick, TICK_MS);
}
