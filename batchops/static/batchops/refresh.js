// Draw the whole page anew every so often, beside what is pushed to it, and count down to that.
import { countdown } from "./live/formats.js";

const TICK_MS = 1000;

for (const place of document.querySelectorAll("[data-refresh-every]")) begin(place);

function begin(place) {
  const rest = place.querySelector("[data-rest]");
  let due;
  const wind = () => {
    due = performance.now() + place.dataset.refreshEvery * 1000;
  };
  const renew = () => {
    document.dispatchEvent(new CustomEvent("topic-outdated"));
    wind();
  };
  const tick = () => {
    if (performance.now() >= due) renew();
    rest.textContent = countdown((due - performance.now()) / 1000);
  };
  wind();
  tick();
  place.hidden = false;
  place.querySelector("button").addEventListener("click", renew);
  setInterval(tick, TICK_MS);
}
