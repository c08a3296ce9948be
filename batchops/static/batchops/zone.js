// Offer the browser's own time zone beside the site's and UTC.
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();

for (const button of document.querySelectorAll("[data-own-zone]")) {
  button.hidden = false;
  button.value = button.querySelector("span").textContent = timeZone;
}
