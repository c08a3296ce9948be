// Let ages turn amber and then unknown although nothing arrives: silence is not health. What is
// drawn from the topic of one that is unknown is asked for anew.
import { renew } from "./live.js";
import { now } from "./live/clock.js";

const TICK_MS = 1000;
const ASK_AGAIN_MS = 10000; // our clock may be ahead of the server's

function toneOf({ lateAt, staleAt }) {
  if (now() > Date.parse(staleAt)) return "tone-unknown";
  return now() > Date.parse(lateAt) ? "tone-warn" : "tone-neutral";
}

const askedAt = {};

function askAnew(staleAt, topic = "workflow") {
  if (Date.now() - askedAt[staleAt] < ASK_AGAIN_MS) return;
  askedAt[staleAt] = Date.now();
  renew(topic);
}

function tick() {
  for (const chip of document.querySelectorAll("[data-stale-at]")) {
    const tone = toneOf(chip.dataset);
    if (chip.classList.contains(tone)) continue;
    chip.className = chip.className.replace(/tone-\w+/, tone);
    if (tone === "tone-unknown") askAnew(chip.dataset.staleAt, chip.closest("[data-live-topic]")?.dataset.liveTopic);
  }
}

tick();
setInterval(tick, TICK_MS);
