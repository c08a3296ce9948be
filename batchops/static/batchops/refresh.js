// Draw the whole page anew every so often, beside what is pushed to it, and count down to that.
import { now } from "./live/clock.js";

const LOOK_EVERY_MS = 1000;

for (const place of document.querySelectorAll("[data-refresh-every]")) begin(place);

function begin(place) {
  const rest = place.querySelector("time");
  const renew = () => {
    document.dispatchEvent(new CustomEvent("topic-outdated"));
    wind();
  };
  const wind = () => {
    rest.dateTime = new Date(now() + place.dataset.refreshEvery * 1000).toISOString();
  };
  wind();
  place.hidden = false;
  place.querySelector("button").addEventListener("click", renew);
  setInterval(() => now() < Date.parse(rest.dateTime) || renew(), LOOK_EVERY_MS);
}
