// Keys: what has data-key is pressed by it (a field: entered), "g j" by two in turn. What stands
// in a row is meant only from within that row. The sheet lists those of the page.

const OFF = "batchops.keys-off";
const IN_TURN_MS = 1500;
const WRITTEN = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])";

const sheet = document.querySelector("[data-keys]");
const works = sheet?.querySelector("[data-keys-on]");
const up = [...document.querySelectorAll(".crumbs a")].at(-1);
let first = "";
let firstAt = 0;

if (sheet) {
  works.checked = !localStorage.getItem(OFF);
  works.addEventListener("change", () => localStorage.setItem(OFF, works.checked ? "" : "1"));
  if (up) up.dataset.key = "Escape";
  document.addEventListener("keydown", press);
  document.addEventListener("click", ({ target }) => target.closest("[data-keys-open]") && open());
}

function press(event) {
  const { key, target, timeStamp } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (!works.checked || target.closest(`dialog, ${WRITTEN}`)) return;
  const inTurn = first && timeStamp < firstAt + IN_TURN_MS;
  const found = (inTurn && meant(`${first} ${key}`, target)) || meant(key, target);
  [first, firstAt] = [found ? "" : key, timeStamp];
  if (!found) return;
  event.preventDefault();
  if (found.matches(WRITTEN)) found.focus();
  else found.click();
}

function meant(keys, from) {
  const all = [...document.querySelectorAll(`[data-key=${CSS.escape(keys)}]`)];
  const row = all.find((each) => each.closest("tr, li")?.contains(from));
  const shown = all.filter((each) => each.checkVisibility());
  return row ?? (shown.length > 1 ? null : (shown[0] ?? all[0]));
}

function open() {
  const names = new Map();
  for (const { dataset, textContent } of document.querySelectorAll("[data-key]")) {
    names.set(dataset.key, dataset.keyName ?? textContent.trim());
  }
  sheet.querySelector("[data-keys-list]").replaceChildren(...[...names].map(line));
  sheet.showModal();
}

function line([keys, name]) {
  const [item, label] = ["li", "kbd"].map((tag) => document.createElement(tag));
  label.textContent = keys;
  item.append(label, name);
  return item;
}
