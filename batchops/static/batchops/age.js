// Let the age of CC&B's figures turn amber and then unknown although nothing arrives:
// silence is not health. Counts from the page's own start, so a wrong clock does no harm.

const TICK_MS = 1000;
const TONES = ["tone-ok", "tone-neutral", "tone-warn", "tone-unknown"];

const seen = new WeakMap();

function ageOf(chip) {
  const base = chip.dataset.ageS;
  let start = seen.get(chip);
  if (start?.base !== base) {
    start = { base, at: performance.now() };
    seen.set(chip, start);
  }
  return Number(base) + (performance.now() - start.at) / 1000;
}

function toneOf(chip) {
  const age = ageOf(chip);
  if (age > Number(chip.dataset.ageUnknownS)) return "tone-unknown";
  return age > Number(chip.dataset.ageWarnS) ? "tone-warn" : "tone-neutral";
}

function tick() {
  for (const chip of document.querySelectorAll("[data-age-s]")) {
    const tone = toneOf(chip);
    if (!chip.classList.contains(tone)) {
      chip.classList.remove(...TONES);
      chip.classList.add(tone);
    }
  }
}

tick();
setInterval(tick, TICK_MS);
