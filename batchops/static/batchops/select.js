// Tick or clear a whole column of checkboxes, and offer what can be done with the ticked ones.

const boxes = (form) => [...form.querySelectorAll("input[name=id]")];

function show(form) {
  const ticked = boxes(form).filter((box) => box.checked).length;
  const all = form.querySelector("[data-select-all]");
  all.checked = ticked > 0 && ticked === boxes(form).length;
  all.indeterminate = ticked > 0 && !all.checked;
  for (const node of form.querySelectorAll("[data-selected-count]")) node.textContent = ticked;
  for (const node of form.querySelectorAll("[data-needs-selected]")) node.disabled = !ticked;
}

document.addEventListener("change", ({ target }) => {
  const form = target.closest?.("[data-select]");
  if (!form) return;
  if (target.matches("[data-select-all]")) {
    for (const box of boxes(form)) box.checked = target.checked;
  }
  show(form);
});
