// On a phone the rows come first: filters that nobody has opened begin closed.
if (matchMedia("(max-width: 800px)").matches) {
  const known = JSON.parse(sessionStorage.getItem("django.admin.filtersState") ?? "{}");
  for (const filter of document.querySelectorAll("#changelist-filter details")) {
    if (!(filter.dataset.filterTitle in known)) filter.open = false;
  }
}
