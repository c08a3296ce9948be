// Sends chosen files part by part while one fills in the form, which then names them by their ids.
import { Sender } from "./uploads/sender.js";

// Of many files so many go up at a time; each may be held in memory while it is hashed.
const LANES = 3;

function prepare(box) {
  const input = box.querySelector("input[type=file]");
  const { upload: root, trying, checking } = box.dataset;
  const button = input.form.querySelector("[type=submit]");
  const lanes = Array(LANES).fill();
  let busy = 0;
  let count = 0;

  async function send(file, row, turn) {
    const [id, name, bar, note, cancel] = ["id", "name", "bar", "note", "cancel"].map((part) =>
      row.querySelector(`[data-upload-${part}]`),
    );
    const say = (text) => (note.textContent = text);
    const sender = new Sender(root, input.form.csrfmiddlewaretoken.value, () => say(trying));
    name.textContent = bar.ariaLabel = file.name;
    cancel.addEventListener("click", () => {
      row.remove();
      sender.cancel();
    });
    button.disabled = ++busy > 0;
    await turn;
    try {
      await sender.send(file, (percent) => {
        bar.value = percent;
        say(percent < 100 ? "" : checking);
      });
      say(`SHA-256 ${(await sender.complete()).slice(0, 12)}`);
      id.value = sender.id;
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
      lanes[lane] = send(file, row, lanes[lane]);
    }
    input.value = ""; // or the form would send them too
  });
}

document.querySelectorAll("[data-upload]").forEach(prepare);
