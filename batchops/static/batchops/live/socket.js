// Hold one socket, heal it, and tell the document of every frame that is newer than what is shown.
import { heardAt } from "./clock.js";
import { Revisions } from "./revisions.js";

const ADDRESS = `${location.origin.replace("http", "ws")}/ws/live/`;
const LASTING = ["alerts"]; // what the tab's title and a notification tell while nobody looks at the page
const PING_EVERY_MS = 20_000;
const CONNECT_WITHIN_MS = 30_000;
const PONG_WITHIN_MS = 10_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
const REST_HIDDEN_AFTER_MS = 300_000;
const NOT_LOGGED_IN = 4401;
const RIGHT_LOST = 4403;

const revisions = new Revisions();
const timers = {};
let topics = [];
let followed = [];
let socket = null;
let signedOut = false;
let refused = false;
let resting = false;
let failures = 0;

addEventListener("online", connect);
addEventListener("offline", () => lose("offline"));
document.addEventListener("visibilitychange", heedVisibility);
setInterval(ping, PING_EVERY_MS);

export function watch(all) {
  topics = [...new Set(all)];
  connect();
  follow();
}

function connect() {
  if (socket || signedOut || !wanted().length) return;
  tell("live-state", failures ? "lost" : "connecting");
  socket = new WebSocket(ADDRESS);
  socket.onopen = () => {
    revisions.forget();
    followed = [];
    follow();
  };
  socket.onmessage = ({ data }) => take(JSON.parse(data));
  socket.onclose = ({ code }) => closed(code);
  expectAnswer(CONNECT_WITHIN_MS);
}

function take(message) {
  clearTimeout(timers.answer);
  if (message.at) heardAt(message.at);
  if (message.pong) refused = false;
  if (message.error === "forbidden" && refused) closed(RIGHT_LOST);
  if (message.data || message.pong) {
    failures = 0;
    tell("live-state", "live");
  }
  if (message.data && revisions.accept(message)) tell("live-frame", message);
}

function closed(code) {
  // A new password ends the session of every tab; the cookie may hold the next one already.
  signedOut = code === NOT_LOGGED_IN || (code === RIGHT_LOST && refused);
  refused ||= code === RIGHT_LOST;
  lose(signedOut ? "signed-out" : "lost");
}

function lose(state) {
  clearTimeout(timers.answer);
  if (socket) {
    // A half-open line may take minutes to say that it closed.
    socket.onclose = socket.onmessage = socket.onopen = null;
    socket.close();
    socket = null;
  }
  if (topics.length) tell("live-state", navigator.onLine ? state : "offline");
  const pause = Math.min(FIRST_RETRY_MS * 2 ** failures++, LAST_RETRY_MS);
  later("retry", pause * (0.5 + Math.random()), connect);
}

function ping() {
  if (send({ ping: 1 })) expectAnswer(PONG_WITHIN_MS);
}

function expectAnswer(waitMs) {
  later("answer", waitMs, () => lose("lost"));
}

function later(name, waitMs, act) {
  clearTimeout(timers[name]);
  timers[name] = setTimeout(act, waitMs);
}

function send(message) {
  const open = socket?.readyState === WebSocket.OPEN;
  if (open) socket.send(JSON.stringify(message));
  return open;
}

function heedVisibility() {
  clearTimeout(timers.hidden);
  if (document.hidden) return later("hidden", REST_HIDDEN_AFTER_MS, rest);
  resting = false;
  connect();
  follow();
  ping();
}

// A page that nobody sees goes on with what its tab tells, and with nothing else.
function rest() {
  resting = true;
  follow();
  if (!wanted().length) lose("lost");
}

function wanted() {
  return resting ? topics.filter((topic) => LASTING.includes(topic)) : topics;
}

// Ask for what is wanted now, and no more for what was.
function follow() {
  const before = followed;
  followed = wanted();
  const subscribe = followed.filter((topic) => !before.includes(topic));
  const unsubscribe = before.filter((topic) => !followed.includes(topic));
  if (subscribe.length || unsubscribe.length) send({ unsubscribe, subscribe });
}

// Who listens: live.js, live/status.js, trouble.js, voice.js, notify.js.
function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}
