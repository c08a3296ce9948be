// Let the age of CC&B's figures turn amber and then unknown although nothing arrives:
// silence is not health.

const TICK_MS = 1000;
const TONES = ["tone-neutral", "tone-warn", "tone-unknown"];

function toneOf(chip) {
  const now = Date.now();
  if (now > Date.parse(chip.dataset.staleAt)) return "tone-unknown";
  return now > Date.parse(chip.dataset.lateAt) ? "tone-warn" : "tone-neutral";
}

function tick() {
  for (const chip of document.querySelectorAll("[data-stale-at]")) {
    const tone = toneOf(chip);
    if (!chip.classList.contains(tone)) {
      chip.classList.remove(...TONES);
      chip.classList.add(tone);
    }
  }
}

tick();
setInterval(tick, TICK_MS);
