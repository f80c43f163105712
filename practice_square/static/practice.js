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

  // On a phone the row of pages is longer than the screen: show where one is.
  var here = document.querySelector(".chrome [aria-current]");
  if (here) here.scrollIntoView({ block: "nearest", inline: "center" });

  // A fold opened at the edge of a scrolling list must not open out of sight.
  document.addEventListener(
    "toggle",
    function (event) {
      if (event.target.open) event.target.scrollIntoView({ block: "nearest" });
    },
    true
  );

  // A screen that follows what others do: look again while it is in sight, and change it only when it differs.
  var followed = document.querySelector("[data-follows]");
  function look() {
    if (document.hidden) return;
    fetch(followed.dataset.follows, { cache: "no-store" })
      .then(function (answer) {
        return answer.ok ? answer.text() : null;
      })
      .then(function (html) {
        if (html === null) return;
        var fresh = document.createElement("template");
        fresh.innerHTML = html;
        var seen = fresh.content.querySelector("[data-seen]").dataset.seen;
        if (seen !== followed.querySelector("[data-seen]").dataset.seen) followed.replaceChildren(fresh.content);
      })
      .catch(function () {
        // The till is away for a moment; the next look finds it again.
      });
  }
  if (followed) setInterval(look, 1000);

  // Narrow a list while typing; Enter still asks the server.
  document.querySelectorAll("input[data-narrows]").forEach(function (input) {
    var list = document.querySelector(input.dataset.narrows);
    if (!list) return;
    function narrow() {
      var words = input.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
      list.querySelectorAll("li").forEach(function (row) {
        var text = row.textContent.toLocaleLowerCase();
        row.hidden = !words.every(function (word) {
          return text.includes(word);
        });
      });
    }
    input.addEventListener("input", narrow);
    // What was typed before this script had loaded.
    narrow();
  });
})();
