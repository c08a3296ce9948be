// Let ages turn amber and then unknown although nothing arrives: silence is not health. What is
// drawn from the topic of one that is unknown is asked for anew.

import { now as serverNow } from "./live/clock.js";

const TICK_MS = 1000;
const ASK_AGAIN_MS = 10000; // our clock may be ahead of the server's
const TONES = ["tone-neutral", "tone-warn", "tone-unknown"];

function toneOf(chip) {
  const now = serverNow();
  if (now > Date.parse(chip.dataset.staleAt)) return "tone-unknown";
  return now > Date.parse(chip.dataset.lateAt) ? "tone-warn" : "tone-neutral";
}

const askedAt = {};

function askAnew({ dataset }, topic) {
  if (Date.now() - askedAt[dataset.staleAt] < ASK_AGAIN_MS) return;
  askedAt[dataset.staleAt] = Date.now();
  document.dispatchEvent(new CustomEvent("topic-outdated", { detail: topic }));
}

function tick() {
  for (const chip of document.querySelectorAll("[data-stale-at]")) {
    const tone = toneOf(chip);
    if (!chip.classList.contains(tone)) {
      chip.classList.remove(...TONES);
      chip.classList.add(tone);
      if (tone === "tone-unknown") askAnew(chip, chip.closest("[data-live-topic]")?.dataset.liveTopic ?? "workflow");
    }
  }
}

tick();
setInterval(tick, TICK_MS);
