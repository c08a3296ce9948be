// Keep the page's live regions as the database is: what each hook does, docs/api.md says.
import { liveRegion } from "./live/region.js";
import { watch } from "./live/socket.js";
import "./live/status.js";
import { tick } from "./live/ticks.js";

function elements() {
  return [...document.querySelectorAll("[data-live-topic]")];
}

function regions(topic) {
  const told = elements().filter(({ dataset }) => !topic || dataset.liveTopic === topic);
  return told.map((element) => (element.region ??= liveRegion(element, scan)));
}

document.addEventListener("live-frame", ({ detail: { topic, data } }) => {
  for (const region of regions(topic)) region.take(data);
  tick();
});

// For what nobody tells that it changed, because only time passed.
export function renew(topic) {
  for (const region of regions(topic)) region.renew();
}

// Fragments bring regions and take them away.
function scan() {
  watch(elements().map((element) => element.dataset.liveTopic));
  tick();
}

scan();
