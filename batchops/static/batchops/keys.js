// What has data-key is pressed by that key (a field: entered), "g j" by two in turn; what stands in
// rows only from within its row. Escape leads up. The sheet lists the keys of the page.
const OFF = "batchops.keys-off";
const IN_TURN_MS = 1500;
const WRITTEN = "textarea, select, input:not([type=checkbox], [type=radio])";

const sheet = document.querySelector("[data-keys]");
const works = sheet?.querySelector("input");
const up = [...document.querySelectorAll(".crumbs a")].at(-1);
let first = "";
let firstAt = 0;

if (up) up.dataset.key = "Escape";
if (sheet) {
  works.checked = !localStorage.getItem(OFF);
  works.addEventListener("change", () => localStorage.setItem(OFF, works.checked ? "" : "1"));
  document.addEventListener("keydown", press);
  document.querySelector("[data-keys-open]").addEventListener("click", open);
}

function press(event) {
  const { key, target, timeStamp } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (!works.checked || target.closest(`dialog[open], ${WRITTEN}`)) return;
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
  const shown = all.filter((each) => each.checkVisibility());
  return all.find((each) => each.closest("tr, li")?.contains(from)) ?? (shown[1] ? null : (shown[0] ?? all[0]));
}

function open() {
  for (const line of sheet.querySelectorAll("li")) {
    line.hidden = !document.querySelector(`[data-key="${line.firstChild.textContent}"]`);
  }
  sheet.showModal();
}
