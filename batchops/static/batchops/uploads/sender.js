// Sends one file in parts, and each part until the server has it or refuses it.
const HASHED_BYTES = 32 * 1024 * 1024; // more would have to lie in memory
const PAUSE_MS = 10_000;
const AGAIN = [429, 500, 502, 503, 504];

async function digest(file) {
  if (!globalThis.crypto?.subtle || file.size > HASHED_BYTES) return {};
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return { sha256: Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}

export class Sender {
  #stop = new AbortController();

  constructor(root, csrf, onTrouble) {
    Object.assign(this, { root, csrf, onTrouble, id: null });
  }

  async send(file, onProgress) {
    const about = { name: file.name, sizeBytes: file.size, ...(await digest(file)) };
    const { id, parts, partSize } = await this.#call("POST", "", JSON.stringify(about));
    this.id = id;
    for (let n = 1; n <= parts; n += 1) {
      await this.#call("PUT", `/${id}/${n}`, file.slice((n - 1) * partSize, n * partSize));
      onProgress((100 * n) / parts);
    }
  }

  async complete() {
    return (await this.#call("POST", `/${this.id}/complete`)).sha256;
  }

  cancel() {
    this.#stop.abort();
    if (this.id) this.#fetch("DELETE", `/${this.id}`).catch(() => {});
  }

  #fetch(method, path, body, signal) {
    const type = body instanceof Blob ? "application/octet-stream" : "application/json";
    const headers = { "Content-Type": type, "X-CSRFToken": this.csrf };
    return fetch(this.root + path, { method, body, headers, signal });
  }

  async #call(method, path, body) {
    for (let pause = 500; ; pause = Math.min(2 * pause, PAUSE_MS)) {
      const { signal } = this.#stop;
      signal.throwIfAborted();
      const answer = await this.#fetch(method, path, body, signal).catch(() => null);
      if (answer && !AGAIN.includes(answer.status)) {
        const { data, message } = await answer.json();
        if (answer.ok) return data;
        throw new Error(message);
      }
      this.onTrouble();
      await new Promise((resume) => setTimeout(resume, pause));
    }
  }
}
