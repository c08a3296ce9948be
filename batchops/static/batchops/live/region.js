// Show a topic's frames in one region: figures at once, structure by a fragment from the server.
import { Idiomorph } from "../vendor/idiomorph-0.8.0.min.js";
import { format, valueAt } from "./formats.js";

const FRAGMENT_EVERY_MS = 1000;
const FIRST_JITTER_MS = 1000;
const ACTED_WITHIN_MS = 5000;
const JITTER_MS = 500;
const TRY_AGAIN_MS = 5000;

export class Region {
  #element;
  #changed;
  #frame;
  #shown;
  #structure;
  #fetching = false;
  #again = false;

  constructor(element, onStructure) {
    this.#element = element;
    this.#changed = onStructure;
  }

  // The first frame is held against what the server drew, later ones against the one before.

  take(frame) {
    const drawn = this.#frame ? undefined : this.#element.dataset.liveStructure;
    this.#frame = frame;
    if (this.#fits(frame)) this.#bind(frame);
    const structure = this.#structureNow();
    if (drawn ? !isDrawn(JSON.parse(drawn), frame.data) : structure !== this.#structure) this.#refresh();
    this.#structure = structure;
  }

  // Fetch the fragment though no frame asks for it.
  renew() {
    if (this.#element.dataset.liveFragment) this.#refresh();
  }

  #structureNow() {
    const fields = this.#element.dataset.liveRefreshOn;
    if (!fields || !this.#element.dataset.liveFragment) return undefined;
    if (fields.trim() === "*") return {};
    return JSON.stringify(fields.trim().split(/\s+/).map((path) => sorted(valueAt(this.#frame.data, path))));
  }

  // Figures of another state wait for its fragment: 100 % never stands beside "Processing".
  #fits(frame) {
    const held = this.#element.querySelector("[data-live-hold]");
    return !held || String(valueAt(frame.data, held.dataset.liveHold)) === held.value;
  }

  #bind(frame) {
    this.#shown = frame;
    for (const node of this.#element.querySelectorAll("[data-live-text], [data-live-value]")) {
      if (node.closest("[data-live-topic]") !== this.#element) continue;
      const { liveText, liveValue, liveFormat } = node.dataset;
      const value = valueAt(frame.data, liveText ?? liveValue);
      if (value === undefined) continue;
      if (liveText) node.textContent = format(value, liveFormat);
      else if (value === null) node.removeAttribute("value");
      else node.value = value;
    }
  }

  async #refresh() {
    this.#again = this.#fetching;
    if (this.#fetching) return;
    this.#fetching = true;
    let pause = FRAGMENT_EVERY_MS + Math.random() * JITTER_MS;
    // A thousand screens see the same change; who acted is waiting for it.
    if (!hasActed()) await new Promise((go) => setTimeout(go, Math.random() * FIRST_JITTER_MS));
    try {
      this.#morph(await fetchFragment(this.#element.dataset.liveFragment));
    } catch {
      this.#again = true;
      pause = TRY_AGAIN_MS + Math.random() * TRY_AGAIN_MS;
    }
    setTimeout(() => {
      this.#fetching = false;
      if (this.#again && this.#element.isConnected) this.#refresh();
    }, pause);
  }

  #morph(nodes) {
    const held = this.#element.contains(document.activeElement);
    const whole = nodes.find((node) => node.dataset?.liveTopic === this.#element.dataset.liveTopic);
    Idiomorph.morph(this.#element, whole ?? nodes, {
      morphStyle: whole ? "outerHTML" : "innerHTML",
      ignoreActiveValue: true,
      callbacks: { beforeNodeMorphed: keepTyped, beforeAttributeUpdated: keepOpen },
    });
    // The fragment may have been read before the newest frame.
    const newest = [this.#frame, this.#shown].find((frame) => frame && this.#fits(frame));
    if (newest) this.#bind(newest);
    this.#changed();
    if (held && !this.#element.contains(document.activeElement)) this.#focusHeading();
  }

  #focusHeading() {
    const heading = this.#element.querySelector("h1, h2, h3") ?? this.#element;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
}

function hasActed() {
  return performance.now() < ACTED_WITHIN_MS || Boolean(navigator.userActivation?.isActive);
}

function isDrawn(drawn, data) {
  return Object.entries(drawn).every(([path, value]) => {
    const current = valueAt(data, path);
    // A page lists the first of many.
    const shown = Array.isArray(value) ? current?.slice(0, value.length) : current;
    return JSON.stringify(sorted(shown)) === JSON.stringify(sorted(value));
  });
}

function sorted(value) {
  if (!value || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.entries(value).sort();
}

async function fetchFragment(address) {
  const response = await fetch(address, { cache: "no-store" });
  if (!response.ok || response.redirected) throw new Error(`${address}: ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return [...page.body.childNodes];
}

function keepTyped(old) {
  if (old.draw) queueMicrotask(() => old.draw()); // a chart: of the table as it will be
  if (old.draw) return false;
  const typed = (field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked;
  const chosen = (option) => option.selected !== option.defaultSelected;
  if (old.matches?.("input, textarea")) return !typed(old);
  return !(old.matches?.("select") && [...old.options].some(chosen));
}

function keepOpen(name, node) {
  return name !== "aria-busy" && !(name === "open" && node.matches("details, dialog"));
}
