// Let the tab tell trouble: in its title how many alerts are open, in its icon the worst of them.

const NOT_KNOWN = ["lost", "offline", "signed-out"];

const icon = document.querySelector("[data-favicon]");
const title = document.title.replace(/^\(\d+\) /, "");
let tone = icon?.dataset.drawn;

document.addEventListener("live-frame", ({ detail: { topic, data } }) => {
  if (topic !== "alerts") return;
  document.title = data.total ? `(${data.total}) ${title}` : title;
  tone = data.counts.CRITICAL ? "bad" : data.counts.WARNING ? "warn" : "ok";
  draw(tone);
});

document.addEventListener("live-state", ({ detail: state }) => {
  draw(NOT_KNOWN.includes(state) ? "unknown" : tone);
});

function draw(name) {
  const address = icon?.dataset[name];
  if (address && icon.getAttribute("href") !== address) icon.setAttribute("href", address);
}
