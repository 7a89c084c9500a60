// Runs before the first paint, as a classic script, so that no wrong theme flashes up and the page can say why it does
// not work where modules are not even loaded (a page opened from a file). Everything else is in modules.
(function () {
  try {
    var kept = JSON.parse(localStorage.getItem("pydl") || "{}");
    if (kept.theme) document.documentElement.dataset.theme = kept.theme;
    if (kept.language) document.documentElement.lang = kept.language;
  } catch (error) {
    // nothing kept, or nothing may be kept
  }
  var lacking = location.protocol === "file:" ? "file" : typeof WebAssembly === "object" ? "" : "browser";
  if (lacking) document.documentElement.dataset.lacking = lacking;
})();
