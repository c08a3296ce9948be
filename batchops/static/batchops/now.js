// Move the line of now on over the business day from one reading to the next.
import { now } from "./live/clock.js";

const MOVE_MS = 15_000;

setInterval(() => {
  for (const line of document.querySelectorAll("path[data-from]")) {
    const [from, to] = [line.dataset.from, line.dataset.to].map(Date.parse);
    line.setAttribute("d", `M${Math.min((1000 * (now() - from)) / (to - from), 1000)} 0V30`);
  }
}, MOVE_MS);
