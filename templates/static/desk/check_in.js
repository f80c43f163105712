// The check-in screen for clients: nothing of anybody stays on it for longer than 15 seconds.
import { readCodes, whyNot } from "./camera.js";
import { begin as beginWork, end as endWork } from "./working.js";

const SHOWN_MS = 15000;
// Somebody reads a list.
const ASKS_MS = 120000;
// Who only looks for the sign-in of the staff leaves the door open to nobody.
const DOOR_MS = 60000;

let timer = 0;
let beginning = "";
let camera = null;

export function startCheckIn() {
  const { checkInScreen } = document.body.dataset;
  const place = document.querySelector("[data-check-in]");
  if (!place) {
    if (checkInScreen) watchDoor(checkInScreen);
    return;
  }
  const part = place.querySelector("[data-check-in-part]");
  // A page that shows a result was loaded without scripts before: it begins anew by itself.
  if (part.querySelector("[data-said]")) return void setTimeout(() => location.replace(place.dataset.checkIn), part.querySelector("[data-asks]") ? ASKS_MS : SHOWN_MS);
  beginning = part.innerHTML;
  for (const kind of ["input", "pointerdown", "keydown"]) document.addEventListener(kind, () => idle(place), { passive: true });
  document.addEventListener("submit", (event) => {
    event.preventDefault();
    send(place, new FormData(event.target, event.submitter));
  });
  part.addEventListener("click", (event) => {
    if (!event.target.closest("[data-done]")) return;
    event.preventDefault();
    begin(place);
  });
  const start = place.querySelector("[data-start]");
  start.hidden = false;
  start.addEventListener("click", () => look(place, start));
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) begin(place); });
}

function idle(place) {
  clearTimeout(timer);
  timer = setTimeout(() => begin(place), place.querySelector("[data-asks]") ? ASKS_MS : SHOWN_MS);
}

function begin(place) {
  clearTimeout(timer);
  place.querySelector("[data-check-in-part]").innerHTML = beginning;
  camera?.forget();
}

async function send(place, fields) {
  const part = place.querySelector("[data-check-in-part]");
  if (part.hasAttribute("aria-busy")) return;
  part.setAttribute("aria-busy", "true");
  beginWork("check-in");
  const answer = await fetch(place.dataset.checkIn, { method: "POST", body: new URLSearchParams(fields), cache: "no-store" }).catch(() => null);
  endWork("check-in");
  part.removeAttribute("aria-busy");
  if (!answer) return begin(place);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const shown = page.querySelector("[data-check-in-part]");
  // The screen was ended elsewhere.
  if (answer.redirected || !shown) return location.reload();
  part.replaceChildren(...document.adoptNode(shown).childNodes);
  part.querySelector("[data-done]")?.focus();
  idle(place);
}

async function look(place, start) {
  const words = place.querySelector("[data-camera]");
  const said = words.querySelector(".camera-said");
  start.hidden = true;
  said.textContent = "";
  try {
    camera = await readCodes(words.querySelector("video"), words.dataset, async (code) => {
      await send(place, { code });
      return false;
    });
  } catch (error) {
    said.textContent = whyNot(error, words.dataset);
    start.hidden = false;
  }
}

function watchDoor(home) {
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => location.replace(home), DOOR_MS);
  };
  for (const kind of ["input", "pointerdown", "keydown"]) document.addEventListener(kind, again, { passive: true });
  again();
}
