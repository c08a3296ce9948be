// Let ages and durations go on between frames.
import { now } from "./clock.js";
import { countdown, duration } from "./formats.js";

const TICK_MS = 1000;
const AGES = [[172_800, 86_400, "days"], [3600, 3600, "h"], [60, 60, "min"], [0, 1, "s"]];
const TEXTS = { since: age, elapsed: duration, until: countdown };

setInterval(() => document.hidden || tick(), TICK_MS);

export function tick() {
  for (const node of document.querySelectorAll("[data-tick]")) {
    const { tick, from } = node.dataset;
    const passed = (now() - Date.parse(from ?? node.dateTime)) / 1000;
    const text = TEXTS[tick](Math.max(tick === "until" ? -passed : passed, 0));
    if (node.textContent !== text) node.textContent = text;
  }
}

function age(seconds) {
  const [, length, unit] = AGES.find(([from]) => seconds >= from);
  return `${Math.floor(seconds / length)} ${unit} ago`;
}
