// The one tap beside the search on Today: as soon as something else is typed it can no longer be taken.
import { settle } from "./settle.js";

const strip = document.getElementById("walk-in");

strip?.addEventListener("htmx:afterSwap", () => {
  strip.inert = false;
  settle(strip);
});
document.addEventListener("input", (event) => {
  if (event.target.id === "q" && strip) strip.inert = true;
});
