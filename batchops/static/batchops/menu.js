// Menus, <details data-menu>, open by themselves; this closes them: by Escape, or a press elsewhere.
const menus = () => document.querySelectorAll("details[data-menu][open]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    event.preventDefault();
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

for (const way of ["click", "focusin"]) {
  document.addEventListener(way, ({ target }) => {
    for (const menu of menus()) menu.open = menu.contains(target);
  });
}
