// Tell newer frames from stale ones: what a page shows never goes backwards.
export class Revisions {
  #shown = new Map();

  // After a new connection the first frame counts whatever its number: the server may be another.
  forget() {
    this.#shown.clear();
  }

  accept({ topic, revision }) {
    if (revision <= this.#shown.get(topic)) return false;
    this.#shown.set(topic, revision);
    return true;
  }
}
