// Menus are <details data-menu>: they open without a script. This one closes them again,
// by Escape (the focus goes back to the button), by a press elsewhere, by opening another.

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
