// Comfort only: everything on the till works without it.
(function () {
  "use strict";

  // A second tap on a slow page must not send the form twice.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) {
      delete form.dataset.sent;
    });
  });

  // A fold opened at the edge of a scrolling list must not open out of sight.
  document.addEventListener(
    "toggle",
    function (event) {
      if (event.target.open) event.target.scrollIntoView({ block: "nearest" });
    },
    true
  );

  // Narrow a list while typing; Enter still asks the server.
  document.querySelectorAll("input[data-narrows]").forEach(function (input) {
    var list = document.querySelector(input.dataset.narrows);
    if (!list) return;
    input.addEventListener("input", function () {
      var words = input.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
      list.querySelectorAll("li").forEach(function (row) {
        var text = row.textContent.toLocaleLowerCase();
        row.hidden = !words.every(function (word) {
          return text.includes(word);
        });
      });
    });
  });
})();
