// Adds rows to a table of inputs, and takes them away.
const NUMBER = "__n__";

function prepare(box) {
  const body = box.querySelector("tbody");
  const blank = box.querySelector("template").content.firstElementChild;
  let next = body.rows.length;

  function add() {
    const row = blank.cloneNode(true);
    row.querySelectorAll("[name]").forEach((one) => (one.name = one.name.replace(NUMBER, next)));
    next += 1;
    body.append(row);
    row.querySelector("[name]").focus();
  }

  box.addEventListener("click", ({ target }) => {
    if (target.closest("[data-rows-add]")) add();
    target.closest("[data-rows-remove]")?.closest("tr").remove();
  });
  box.classList.add("is-editable");
}

document.querySelectorAll("[data-rows]").forEach(prepare);
