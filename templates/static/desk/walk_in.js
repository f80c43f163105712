// The one tap beside the search on Today: as soon as something else is typed it can no longer be taken.
const strip = document.getElementById("walk-in");

strip?.addEventListener("htmx:afterSwap", () => { strip.inert = false; });
document.addEventListener("input", (event) => {
  if (event.target.id === "q" && strip) strip.inert = true;
});
