// Tell the desktop of new critical alerts, once each in all tabs, when a person asked for it.

const WISH = "batchops.notify";
const KNOWN = "batchops.known-alerts";
const KEPT = 600;
// A slow transaction may bring an alert after a younger one.
const OVERLAP_MS = 600_000;
const FEW = 3;

const isCritical = ({ alert_severity }) => alert_severity === "CRITICAL";
const button = document.querySelector("[data-notify]");
const possible = button && "Notification" in window && "locks" in navigator;
let listed = [];
let lesser = [];
let risen = [];
let teller = false;

if (possible) {
  button.addEventListener("click", () => (state() === "on" ? wish("off") : ask()));
  addEventListener("storage", draw);
  document.addEventListener("live-frame", ({ detail: { topic, data } }) => {
    if (topic !== "alerts") return;
    risen = lesser;
    listed = data.alerts;
    lesser = listed.filter((alert) => !isCritical(alert)).map(({ id }) => id);
    tell();
  });
  // One tab tells for all.
  navigator.locks.request(KNOWN, () => {
    teller = true;
    tell();
    return new Promise(() => {});
  });
  draw();
}

function state() {
  const { permission } = Notification;
  if (permission === "denied") return "blocked";
  return permission === "granted" && localStorage.getItem(WISH) === "on" ? "on" : "off";
}

function wish(word) {
  localStorage.setItem(WISH, word);
  draw();
}

function draw() {
  button.hidden = false;
  for (const word of button.querySelectorAll("[data-word]")) word.hidden = word.dataset.word !== state();
}

async function ask() {
  if ((await Notification.requestPermission()) !== "granted") return draw();
  remember(listed); // what is on the screen is no news
  wish("on");
}

function tell() {
  if (!teller || state() !== "on") return;
  const known = localStorage.getItem(KNOWN);
  if (!known) return remember(listed);
  const { until, ids } = JSON.parse(known);
  const fresh = listed.filter(isCritical).filter(({ id, created_at }) => {
    const late = Date.parse(created_at) > until - OVERLAP_MS || risen.includes(id);
    return late && !ids.includes(id);
  });
  remember(listed, until, ids);
  const { many, list, one, notify } = button.dataset;
  if (fresh.length > FEW) return show(many.replace("{n}", fresh.length), "", "many", list);
  for (const { id, batch_code, alert_message } of fresh) {
    const title = [one, batch_code].filter(Boolean).join(": ");
    show(title, alert_message, id, notify.replace("/0/", `/${id}/`));
  }
}

function remember(alerts, until = 0, ids = []) {
  const now = Math.max(until, ...alerts.map((alert) => Date.parse(alert.created_at)));
  const all = new Set([...ids, ...alerts.filter(isCritical).map(({ id }) => id)]);
  localStorage.setItem(KNOWN, JSON.stringify({ until: now, ids: [...all].slice(-KEPT) }));
}

function show(title, body, tag, address) {
  try {
    const notification = new Notification(title, { body, tag: `batchops-${tag}` });
    notification.onclick = () => {
      window.focus();
      notification.close();
      location.assign(address);
    };
  } catch {
    wish("off"); // phones let only service workers do it
  }
}
