// Keep the page's live regions as the database is: what each hook does, docs/api.md says.
import { Region } from "./live/region.js";
import { LiveSocket } from "./live/socket.js";
import { showState } from "./live/status.js";
import { startTicking, tick } from "./live/ticks.js";

const regions = new WeakMap();

function regionOf(element) {
  if (!regions.has(element)) regions.set(element, new Region(element, scan));
  return regions.get(element);
}

function elements() {
  return [...document.querySelectorAll("[data-live-topic]")];
}

const socket = new LiveSocket({
  lasting: ["alerts"], // what the tab's title and a notification tell while nobody looks at the page
  onState(state) {
    showState(state);
    tell("live-state", state);
  },
  onFrame(frame) {
    for (const element of elements()) {
      if (element.dataset.liveTopic === frame.topic) regionOf(element).take(frame);
    }
    tick();
    tell("live-frame", frame);
  },
});

// What belongs to the page as a whole listens to these: trouble.js, voice.js, notify.js.
function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}

// Fragments bring regions and take them away.
function scan() {
  socket.watch(elements().map((element) => element.dataset.liveTopic));
  tick();
}

// A topic (null: each of them) of which nobody tells that it changed, because only time passed.
document.addEventListener("topic-outdated", ({ detail }) => {
  for (const element of elements()) {
    if (!detail || element.dataset.liveTopic === detail) regionOf(element).renew();
  }
});

startTicking();
scan();
