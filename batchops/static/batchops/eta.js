// Say about how long a job will take, calmly, or for how long nothing moved. Frames write figures
// into hidden <data>; the words stand in the template.
import { now } from "./live/clock.js";
import { SPANS } from "./live/formats.js";

const LOOK_EVERY_MS = 1000;
const REDRAW_MS = 5000;

setInterval(() => {
  if (!document.hidden) document.querySelectorAll("[data-eta]").forEach(draw);
}, LOOK_EVERY_MS);

function draw(place) {
  const words = place.querySelector("[data-eta-words]");
  const text = wordsOf(place);
  // Calmly, but what nobody knows any more goes at once.
  const rests = performance.now() < place.drawnAt + REDRAW_MS;
  if (rests && text && text !== place.dataset.unknown) return;
  place.drawnAt = performance.now();
  if (words.textContent !== text) words.textContent = text;
}

function wordsOf(place) {
  const figure = (name) => place.querySelector(`[data-live-text="${name}"]`).textContent;
  if (figure("remainingCount") === "0") return "";
  const quiet = (now() - Date.parse(figure("lastProgressAt"))) / 1000;
  if (quiet >= Number(figure("quietSeconds"))) {
    return place.dataset.quiet.replace("{n}", Math.floor(quiet / 60));
  }
  const [low, high] = [Number(figure("etaLowSeconds")), Number(figure("etaHighSeconds"))];
  return high ? place.dataset.about.replace("{span}", span(low, high)) : place.dataset.unknown;
}

function span(low, high) {
  const [length, unit] = SPANS.find(([length]) => high < length * 90) ?? SPANS.at(-1);
  const [from, to] = [Math.max(1, Math.floor(low / length)), Math.ceil(high / length)];
  return `${from === to ? to : `${from}–${to}`} ${unit}`;
}
