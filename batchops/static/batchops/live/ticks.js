// Let ages and durations go on between frames.
import { now } from "./clock.js";
import { duration } from "./formats.js";

const TICK_MS = 1000;
const AGES = [[172_800, 86_400, "days"], [3600, 3600, "h"], [60, 60, "min"], [0, 1, "s"]];

export function startTicking() {
  setInterval(() => document.hidden || tick(), TICK_MS);
}

export function tick() {
  for (const node of document.querySelectorAll("[data-tick]")) {
    const since = node.dataset.tick === "since";
    const seconds = Math.max((now() - Date.parse(since ? node.dateTime : node.dataset.from)) / 1000, 0);
    const text = since ? age(seconds) : duration(seconds);
    if (node.textContent !== text) node.textContent = text;
  }
}

function age(seconds) {
  const [, length, unit] = AGES.find(([from]) => seconds >= from);
  return `${Math.floor(seconds / length)} ${unit} ago`;
}
