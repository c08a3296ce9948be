// Say to screen readers what changed on the page as a whole, in one sentence, at most every 15 s.

const EVERY_MS = 15_000;

const voice = document.querySelector("[data-voice]");
let state = "connecting";
let saidLost = false;
let newest = null;
let active = 0;
let fresh = 0;
let saidAt = -EVERY_MS;
let timer = 0;

document.addEventListener("live-state", ({ detail }) => {
  state = detail;
  sayLater();
});

document.addEventListener("live-frame", ({ detail: { topic, data } }) => {
  if (topic !== "alerts") return;
  if (newest !== null) {
    const listed = data.alerts.filter(({ id }) => id > newest).length;
    // A frame lists the worst; of many at once only the total tells.
    fresh += Math.max(listed, data.total - active, 0);
  }
  newest = Math.max(newest ?? 0, ...data.alerts.map(({ id }) => id));
  active = data.total;
  sayLater();
});

function sayLater() {
  clearTimeout(timer);
  if (voice) timer = setTimeout(say, Math.max(saidAt + EVERY_MS - performance.now(), 0));
}

function say() {
  const { back, one, many } = voice.dataset;
  const lost = !["connecting", "live"].includes(state);
  const chip = document.querySelector(`[data-live-status] [data-when="${state}"]`);
  const parts = [];
  if (lost !== saidLost) parts.push(lost ? chip.textContent.trim().replace(/\s+/g, " ") : back);
  if (fresh) parts.push((fresh === 1 ? one : many).replace("{n}", fresh).replace("{total}", active));
  if (!parts.length) return;
  voice.textContent = `${parts.join("; ")}.`;
  saidLost = lost;
  fresh = 0;
  saidAt = performance.now();
}
