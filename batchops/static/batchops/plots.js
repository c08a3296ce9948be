// Draws columns of a table as bars; data-y of a cell: its figure, and the low and high of its band.
import { format } from "./live/formats.js";
import { uPlot } from "./vendor/uplot-1.6.32.min.js";

const SPANS_S = [1, 10, 60, 300, 900, 1800, 3600, 7200, 21_600, 86_400, 864_000];
const MOVES = { ArrowLeft: -1, ArrowRight: 1, Home: -1e4, End: 1e4 };
const NO = { show: false };
const BARE = { points: NO };

function prepare(box) {
  const style = box.dataset.format;
  const columns = box.dataset.columns.split(" ");
  const table = box.closest("[data-plots]").querySelector("table");
  let plot, head, rows, last, at;

  function draw() {
    [head, ...rows] = [...table.rows].map((row) => row.cells);
    if ("newestFirst" in table.dataset) rows.reverse();
    last = rows.length - 1;
    const axis = { stroke: colour("--ink-3"), ticks: NO };
    const [here, top] = [at, columns.length + 1];
    plot?.destroy();
    plot = new uPlot({
      width: box.clientWidth,
      height: box.clientHeight,
      legend: NO,
      cursor: { y: false, drag: { x: false }, ...BARE },
      scales: { x: { time: false, range: [-0.5, last + 0.5] }, y: { range: (_, low, high) => [0, Math.max(high, style === "int" && 4) || 1] } },
      axes: [
        { ...axis, size: 24, space: 90, grid: NO, values: (_, all) => all.map((n) => rows[n]?.[0].textContent) },
        { ...axis, size: 64, grid: { stroke: colour("--line"), width: 1 }, ...(style === "duration" && { incrs: SPANS_S }), values: (_, all) => all.map((y) => format(y, style).replace(/ 0[ms]$/, "")) },
      ],
      series: [{}, ...columns.map(bars).reverse(), BARE, BARE],
      bands: [{ series: [top + 1, top], fill: colour("--band") }],
      hooks: { setCursor: [({ cursor }) => say(cursor.idx)] },
    }, figures(), box);
    show(here);
  }

  // Bars stand upon each other: the highest comes first, the others are drawn over it.
  function figures() {
    const [first, ...rest] = columns.map((n) => rows.map((row) => row[n]?.dataset.y?.split(" ").map(Number) ?? []));
    const [sum, ...band] = [0, 1, 2].map((n) => first.map((each) => each[n] ?? null));
    const sums = [sum];
    for (const each of rest) sums.unshift(each.map(([y], n) => y + sums[0][n]));
    return [[...rows.keys()], ...sums, ...band];
  }

  function bars(column) {
    const tone = (row) => head[column].dataset.tone ?? row[0].dataset.tone;
    const values = () => rows.map((row) => colour("--tone-solid", tone(row)));
    return { ...BARE, width: 0, paths: uPlot.paths.bars({ size: [0.8, 40], disp: { fill: { unit: 3, values } } }) };
  }

  // A canvas knows no tokens: ask what one comes to here and now.
  function colour(name, tone) {
    const probe = box.appendChild(document.createElement("i"));
    probe.className = `tone-${tone}`;
    probe.style.color = `var(${name})`;
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  }

  function show(row) {
    if (row == null) say();
    else plot.setCursor({ left: plot.valToPos(Math.min(Math.max(row, 0), last), "x"), top: 0 });
  }

  // Of the newest while nobody points at another.
  function say(row) {
    at = row;
    const cells = rows[row ?? last];
    const words = columns.map((n) => `${columns[1] ? head[n].textContent : ""} ${cells[n]?.textContent ?? "–"}`);
    const text = `${cells[0].textContent}: ${words.join(", ")}`;
    box.previousElementSibling.lastElementChild.textContent = box.ariaValueText = text;
  }

  box.draw = box.ontransitionend = draw; // its colour is another in the other theme
  new ResizeObserver(draw).observe(box);
  box.onkeydown = (event) => {
    if (!(event.key in MOVES)) return;
    event.preventDefault();
    show((at ?? last) + MOVES[event.key]);
  };
}

customElements.define("table-plot", class extends HTMLElement {
  connectedCallback() {
    prepare(this);
  }
});
