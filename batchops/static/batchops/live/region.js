// Show a topic's frames in one region: figures at once, structure by a fragment from the server.
import { Idiomorph } from "../vendor/idiomorph-0.8.0.min.js";
import { format, valueAt } from "./formats.js";

const FRAGMENT_EVERY_MS = 1000;
const FIRST_JITTER_MS = 1000;
const ACTED_WITHIN_MS = 5000;
const JITTER_MS = 500;
const TRY_AGAIN_MS = 5000;

export function liveRegion(element, onStructure) {
  let data, shown, structure;
  let fetching = false;
  let again = false;

  // The first frame is held against what the server drew, later ones against the one before.
  function take(told) {
    const drawn = data ? undefined : element.dataset.liveStructure;
    data = told;
    if (fits(data)) bind(data);
    const now = structureNow();
    if (drawn ? !isDrawn(JSON.parse(drawn), data) : now !== structure) renew();
    structure = now;
  }

  function structureNow() {
    const fields = element.dataset.liveRefreshOn?.trim();
    if (!fields) return undefined;
    if (fields === "*") return {};
    return JSON.stringify(fields.split(/\s+/).map((path) => sorted(valueAt(data, path))));
  }

  // Figures of another state wait for its fragment: 100 % never stands beside "Processing".
  function fits(figures) {
    const held = element.querySelector("[data-live-hold]");
    return !held || String(valueAt(figures, held.dataset.liveHold)) === held.value;
  }

  function bind(figures) {
    shown = figures;
    for (const node of element.querySelectorAll("[data-live-text], [data-live-value]")) {
      if (node.closest("[data-live-topic]") !== element) continue;
      const { liveText, liveValue, liveFormat } = node.dataset;
      const value = valueAt(figures, liveText ?? liveValue);
      if (value === undefined) continue;
      if (liveText) node.textContent = format(value, liveFormat);
      else if (value === null) node.removeAttribute("value");
      else node.value = value;
    }
  }

  async function renew() {
    again = fetching;
    if (fetching || !element.dataset.liveFragment) return;
    fetching = true;
    let pause = FRAGMENT_EVERY_MS + Math.random() * JITTER_MS;
    // A thousand screens see the same change; who acted is waiting for it.
    if (!hasActed()) await new Promise((go) => setTimeout(go, Math.random() * FIRST_JITTER_MS));
    try {
      morph(await fetchFragment(element.dataset.liveFragment));
    } catch {
      again = true;
      pause = TRY_AGAIN_MS + Math.random() * TRY_AGAIN_MS;
    }
    setTimeout(() => {
      fetching = false;
      if (again && element.isConnected) renew();
    }, pause);
  }

  function morph(nodes) {
    const held = element.contains(document.activeElement);
    const whole = nodes.find((node) => node.dataset?.liveTopic === element.dataset.liveTopic);
    Idiomorph.morph(element, whole ?? nodes, {
      morphStyle: whole ? "outerHTML" : "innerHTML",
      ignoreActiveValue: true,
      callbacks: { beforeNodeMorphed: keepTyped, beforeAttributeUpdated: keepOpen },
    });
    // The fragment may have been read before the newest frame.
    const newest = [data, shown].find((figures) => figures && fits(figures));
    if (newest) bind(newest);
    onStructure();
    if (held && !element.contains(document.activeElement)) focusHeading(element);
  }

  return { take, renew };
}

function focusHeading(element) {
  const heading = element.querySelector("h1, h2, h3") ?? element;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function hasActed() {
  return performance.now() < ACTED_WITHIN_MS || navigator.userActivation?.isActive;
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
  if (old.draw) {
    queueMicrotask(old.draw); // a chart: of the table as it will be
    return false;
  }
  const typed = (field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked;
  const chosen = (option) => option.selected !== option.defaultSelected;
  if (old.matches?.("input, textarea")) return !typed(old);
  return !(old.matches?.("select") && [...old.options].some(chosen));
}

function keepOpen(name, node) {
  return name !== "aria-busy" && !(name === "open" && node.matches("details, dialog"));
}
