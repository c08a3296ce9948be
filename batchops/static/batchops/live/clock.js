// Tell the time by the server's clock: the browser's own may be wrong by hours.
let ahead = 0;

export function heardAt(at) {
  ahead = Date.parse(at) - Date.now();
}

export function now() {
  return Date.now() + ahead;
}
