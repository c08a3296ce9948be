// Hold one socket, heal it, and hand on every frame that is newer than what is shown.
import { heardAt } from "./clock.js";
import { Revisions } from "./revisions.js";

const PATH = "/ws/live/";
const PING_EVERY_MS = 20_000;
const CONNECT_WITHIN_MS = 30_000;
const PONG_WITHIN_MS = 10_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
const REST_HIDDEN_AFTER_MS = 300_000;
const NOT_LOGGED_IN = 4401;
const RIGHT_LOST = 4403;

export class LiveSocket {
  #hooks;
  #topics = new Set();
  #revisions = new Revisions();
  #socket = null;
  #signedOut = false;
  #refused = false;
  #resting = false;
  #failures = 0;
  #pings = 0;
  #timers = {};

  // Lifecycle

  constructor(hooks) {
    this.#hooks = hooks;
    addEventListener("online", () => this.#connect());
    addEventListener("offline", () => this.#lose("offline"));
    document.addEventListener("visibilitychange", () => this.#heedVisibility());
    setInterval(() => this.#ping(), PING_EVERY_MS);
  }

  // Actions

  watch(topics) {
    const wanted = new Set(topics);
    const added = [...wanted].filter((topic) => !this.#topics.has(topic));
    const gone = [...this.#topics].filter((topic) => !wanted.has(topic));
    this.#topics = wanted;
    if (!this.#socket) this.#connect();
    if (added.length || gone.length) this.#send({ unsubscribe: gone, subscribe: added });
  }

  // Private

  #connect() {
    clearTimeout(this.#timers.retry);
    if (this.#socket || this.#signedOut || !this.#topics.size || !this.#wanted().length) return;
    this.#hooks.onState(this.#failures ? "lost" : "connecting");
    const socket = new WebSocket(address());
    this.#socket = socket;
    socket.onopen = () => {
      this.#revisions.forget();
      this.#send({ subscribe: this.#wanted() });
    };
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    socket.onclose = ({ code }) => this.#closed(code);
    this.#expectAnswer(CONNECT_WITHIN_MS);
  }

  #take(message) {
    clearTimeout(this.#timers.answer);
    if (message.at) heardAt(message.at);
    if (message.pong) this.#refused = false;
    if (message.error === "forbidden" && this.#refused) this.#closed(RIGHT_LOST);
    if (message.data || message.pong) {
      this.#failures = 0;
      this.#hooks.onState("live");
    }
    if (message.data && this.#revisions.accept(message)) this.#hooks.onFrame(message);
  }

  #closed(code) {
    // A new password ends the session of every tab; the cookie may hold the next one already.
    this.#signedOut = code === NOT_LOGGED_IN || (code === RIGHT_LOST && this.#refused);
    this.#refused ||= code === RIGHT_LOST;
    this.#lose(this.#signedOut ? "signed-out" : "lost");
  }

  #lose(state) {
    clearTimeout(this.#timers.answer);
    if (this.#socket) {
      // A half-open line may take minutes to say that it closed.
      this.#socket.onclose = this.#socket.onmessage = this.#socket.onopen = null;
      this.#socket.close();
      this.#socket = null;
    }
    if (this.#topics.size) this.#hooks.onState(navigator.onLine ? state : "offline");
    const pause = Math.min(FIRST_RETRY_MS * 2 ** this.#failures++, LAST_RETRY_MS);
    clearTimeout(this.#timers.retry);
    this.#timers.retry = setTimeout(() => this.#connect(), pause * (0.5 + Math.random()));
  }

  #ping() {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#send({ ping: ++this.#pings });
    this.#expectAnswer(PONG_WITHIN_MS);
  }

  #expectAnswer(within) {
    clearTimeout(this.#timers.answer);
    this.#timers.answer = setTimeout(() => this.#lose("lost"), within);
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #heedVisibility() {
    clearTimeout(this.#timers.hidden);
    if (document.hidden) {
      this.#timers.hidden = setTimeout(() => this.#rest(), REST_HIDDEN_AFTER_MS);
    } else {
      if (this.#resting) this.#wake();
      this.#connect();
      this.#ping();
    }
  }

  // A page that nobody sees goes on with what its tab tells, and with nothing else.
  #rest() {
    this.#resting = true;
    const kept = this.#wanted();
    if (!kept.length) this.#lose("lost");
    else this.#send({ unsubscribe: [...this.#topics].filter((topic) => !kept.includes(topic)) });
  }

  #wake() {
    const kept = this.#wanted();
    this.#resting = false;
    this.#send({ subscribe: [...this.#topics].filter((topic) => !kept.includes(topic)) });
  }

  #wanted() {
    const lasts = (topic) => !this.#resting || this.#hooks.lasting.includes(topic);
    return [...this.#topics].filter(lasts);
  }
}

function address() {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${PATH}`;
}
