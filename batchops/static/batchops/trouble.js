// Let the tab tell trouble: in its title how many alerts are open, in its icon the worst of them.

const icon = document.querySelector("[data-favicon]");
const title = document.title.replace(/^\(\d+\) /, "");
let tone = icon.dataset.drawn;

document.addEventListener("live-frame", ({ detail: { topic, data } }) => {
  if (topic !== "alerts") return;
  document.title = data.total ? `(${data.total}) ${title}` : title;
  tone = data.counts.CRITICAL ? "bad" : data.counts.WARNING ? "warn" : "ok";
  draw(tone);
});

document.addEventListener("live-state", ({ detail: state }) => {
  draw(["connecting", "live"].includes(state) ? tone : "unknown");
});

function draw(name) {
  const address = icon.dataset[name];
  if (icon.getAttribute("href") !== address) icon.href = address;
}
