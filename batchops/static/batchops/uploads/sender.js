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

export function sender({ root, csrf, onProgress, onTrouble }) {
  const stop = new AbortController();
  let upload = null;

  async function send(file) {
    const about = { name: file.name, sizeBytes: file.size, ...(await digest(file)) };
    upload = await call("POST", "", JSON.stringify(about));
    const { id, parts, partSize } = upload;
    for (let n = 1; n <= parts; n += 1) {
      await call("PUT", `/${id}/${n}`, file.slice((n - 1) * partSize, n * partSize));
      onProgress((100 * n) / parts);
    }
    return call("POST", `/${id}/complete`);
  }

  function cancel() {
    stop.abort();
    if (upload) ask("DELETE", `/${upload.id}`);
  }

  function ask(method, path, body, signal) {
    const type = body instanceof Blob ? "application/octet-stream" : "application/json";
    const headers = { "Content-Type": type, "X-CSRFToken": csrf };
    return fetch(root + path, { method, body, headers, signal }).catch(() => null);
  }

  async function call(method, path, body) {
    for (let pause = 500; ; pause = Math.min(2 * pause, PAUSE_MS)) {
      stop.signal.throwIfAborted();
      const answer = await ask(method, path, body, stop.signal);
      if (answer && !AGAIN.includes(answer.status)) {
        const { data, message } = await answer.json();
        if (answer.ok) return data;
        throw new Error(message);
      }
      onTrouble();
      await new Promise((resume) => setTimeout(resume, pause));
    }
  }

  return { send, cancel };
}
