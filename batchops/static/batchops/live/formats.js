// Write figures as the server's template tags do (batchops/templatetags/batchops.py).
const NOTHING = "–";
const UNITS = [["d", 86_400, Infinity], ["h", 3600, 24], ["m", 60, 60], ["s", 1, 60]];
export const SPANS = [[1, "s"], [60, "min"], [3600, "h"]];
const LEAST_RATE = 0.1;
const { lang, dataset } = document.documentElement;

const FORMATS = {
  int: (value) => Number(value).toLocaleString(lang, { maximumFractionDigits: 0 }),
  percent: (value) => `${Math.floor(value)}%`,
  rate,
  duration,
  datetime: (value) => moment(value, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
};

export function format(value, name) {
  if (value === null || value === "") return NOTHING;
  return FORMATS[name]?.(value) ?? String(value);
}

export function duration(seconds) {
  const whole = Math.max(seconds, 0);
  const parts = UNITS.map(([unit, length, most]) => Math.floor(whole / length) % most + unit);
  const first = parts.findIndex((part) => !part.startsWith("0"));
  return first < 0 ? "0s" : parts.slice(first, first + 2).join(" ");
}

function rate(value) {
  const spans = value > 0 ? SPANS : SPANS.slice(0, 1);
  const [length, unit] = spans.find(([length]) => value * length >= LEAST_RATE) ?? spans.at(-1);
  const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return `${(value * length).toLocaleString(lang, digits)}/${unit}`;
}

export function clock(at) {
  return moment(at, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

export function countdown(seconds) {
  const [hours, minutes, rest] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  const parts = hours ? [hours, pad(minutes), pad(rest)] : [minutes, pad(rest)];
  return parts.join(":");
}

const pad = (number) => String(number).padStart(2, "0");

export function valueAt(data, path) {
  return path.split(".").reduce((value, key) => {
    return Array.isArray(value) ? value.map((each) => each?.[key]) : value?.[key];
  }, data);
}

function moment(at, parts) {
  const style = { ...parts, hourCycle: "h23", timeZone: dataset.timeZone || "UTC" };
  return new Intl.DateTimeFormat("en-GB", style).format(new Date(at)).replace(",", "");
}
