// Sends chosen files part by part while one fills in the form, which then names them by their ids.
import { sender } from "./uploads/sender.js";

// Of many files so many go up at a time; each may be held in memory while it is hashed.
const LANES = 3;

function prepare(box) {
  const input = box.querySelector("input[type=file]");
  const { upload: root, trying, checking } = box.dataset;
  const button = input.form.querySelector("[type=submit]");
  const lanes = Array(LANES).fill();
  let busy = 0;
  let count = 0;

  async function add(file, row, turn) {
    const part = (name) => row.querySelector(`[data-upload-${name}]`);
    const [id, bar, note] = ["id", "bar", "note"].map(part);
    const say = (text) => (note.textContent = text);
    const { send, cancel } = sender({
      root,
      csrf: input.form.csrfmiddlewaretoken.value,
      onTrouble: () => say(trying),
      onProgress(percent) {
        bar.value = percent;
        say(percent < 100 ? "" : checking);
      },
    });
    part("name").textContent = bar.ariaLabel = file.name;
    part("cancel").addEventListener("click", () => {
      row.remove();
      cancel();
    });
    button.disabled = ++busy > 0;
    await turn;
    try {
      const sent = await send(file);
      say(`SHA-256 ${sent.sha256.slice(0, 12)}`);
      id.value = sent.id;
      id.disabled = false;
    } catch (error) {
      say(error.message);
    }
    button.disabled = --busy > 0;
  }

  input.addEventListener("change", () => {
    for (const file of input.files) {
      const row = box.querySelector("template").content.firstElementChild.cloneNode(true);
      box.querySelector("ul").append(row);
      const lane = count++ % LANES;
      lanes[lane] = add(file, row, lanes[lane]);
    }
    input.value = ""; // or the form would send them too
  });
}

document.querySelectorAll("[data-upload]").forEach(prepare);
