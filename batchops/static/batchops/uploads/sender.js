// Sends a file in parts, each until the server takes or refuses it.
const HASHED_BYTES = 32 * 1024 * 1024;
const PAUSE_MS = 10_000;
const AGAIN = [429, 500, 502, 503, 504];

async function digest(file) {
  if (!crypto.subtle || file.size > HASHED_BYTES) return {};
  const sum = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  const hex = Array.from(new Uint8Array(sum), (one) => one.toString(16).padStart(2, "0"));
  return { sha256: hex.join("") };
}

export class Sender {
  #stop = new AbortController();

  constructor(root, csrf, onTrouble) {
    Object.assign(this, { root, csrf, onTrouble });
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
    if (this.id) this.#ask("DELETE", `/${this.id}`);
  }

  #ask(method, path, body, signal) {
    const type = body instanceof Blob ? "application/octet-stream" : "application/json";
    const headers = { "Content-Type": type, "X-CSRFToken": this.csrf };
    return fetch(this.root + path, { method, body, headers, signal }).catch(() => null);
  }

  async #call(method, path, body) {
    const { signal } = this.#stop;
    for (let pause = 500; ; pause = Math.min(2 * pause, PAUSE_MS)) {
      signal.throwIfAborted();
      const answer = await this.#ask(method, path, body, signal);
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
