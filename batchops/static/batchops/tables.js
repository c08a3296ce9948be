// The stock admin's lists become cards on a phone, whose cells need their columns' names.
for (const table of document.querySelectorAll("#result_list")) {
  const names = [...table.querySelectorAll("thead th")].map((head) => {
    return head.querySelector(".text")?.textContent.trim() ?? "";
  });
  for (const cell of table.querySelectorAll("tbody td:not(.action-checkbox)")) {
    cell.dataset.label = names[cell.cellIndex];
  }
  table.classList.add("is-cards");
}
