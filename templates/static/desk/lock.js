// A shared device: after some minutes without a touch nothing of a client is left on it, and a PIN is asked for.
import { hasUnsent, hasUnsentForm } from "./fields.js";
import { forgetPages, keptAt, noteTouch, signOutLater } from "./kept.js";
import { renew, switchPerson } from "./sign_in.js";

const LOOK_MS = 2000;
const TELL_MS = 45000;
const PATIENCE_MS = 3000;
const HELD = "coursekeeper-held";
const SHOWN = "coursekeeper-held-shown";
// Who can unlock this device, by name: staff alone, as the locked screen itself shows them to anybody.
const UNLOCKS = "coursekeeper-unlocks";
const { lockAfter, lock, awake, locked, staff } = document.body.dataset;
const lastsMs = Number(lockAfter) * 60000;

let touchedAt = Date.now();
let toldAt = Date.now();
let isLocking = false;

export function startLock() {
  keepHeld();
  noteWhoUnlocks();
  if (!lockAfter) return;
  if (!keptAt) noteTouch();
  for (const kind of ["pointerdown", "keydown", "input", "wheel"]) addEventListener(kind, touched, { passive: true, capture: true });
  setInterval(look, LOOK_MS);
  document.addEventListener("visibilitychange", () => {
    // What a sleeping device shows first when it wakes.
    document.documentElement.classList.toggle("covered", document.hidden);
    look();
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-lock-now]")) leave();
    if (event.target.closest("[data-switch]")) change();
  });
}

// For when the server is away: it alone knows who has a PIN.
function noteWhoUnlocks() {
  const names = [...document.querySelectorAll("[data-pin] .person-choice bdi")].map((each) => each.textContent);
  if (names.length) localStorage.setItem(UNLOCKS, JSON.stringify(names));
  else if (staff && !lockAfter) localStorage.removeItem(UNLOCKS);
  else if (staff && !localStorage.getItem(UNLOCKS)) localStorage.setItem(UNLOCKS, "[]");
}

// The names, none where they were never shown here; null for a device that does not lock.
export const whoUnlocks = () => JSON.parse(localStorage.getItem(UNLOCKS) ?? "null");

function touched() {
  if (look()) return;
  touchedAt = Date.now();
  if (touchedAt - toldAt < TELL_MS) return;
  toldAt = touchedAt;
  noteTouch();
  fetch(awake, { cache: "no-store" }).catch(() => {});
}

function look() {
  if (!isLocking && Date.now() - touchedAt >= lastsMs) leave();
  return isLocking;
}

// The half-filled form goes to the server, which seals it: what this browser keeps of it nobody can read.
export async function leave() {
  if (isLocking) return;
  isLocking = true;
  const body = new URLSearchParams({ csrf_token: document.querySelector("input[name=csrf_token]")?.value ?? "" });
  const form = [...document.querySelectorAll("main form[method=post]")].find(hasUnsent);
  if (form && form.enctype !== "multipart/form-data") {
    const fields = [...new FormData(form)].filter(([name]) => name !== "csrf_token" && form.elements[name]?.type !== "password");
    body.set("address", new URL(form.action).pathname);
    body.set("fields", new URLSearchParams(fields).toString());
  }
  const back = location.pathname + location.search;
  document.body.replaceChildren();
  document.title = "Locked";
  await forgetPages();
  const options = { method: "POST", body, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) };
  const answer = await fetch(lock, options).catch(() => null);
  if (!answer) await signOutLater(body.get("csrf_token"));
  const held = answer?.ok ? await answer.text() : "";
  if (held) sessionStorage.setItem(HELD, held);
  location.replace(`${locked}?next=${encodeURIComponent(back)}`);
}

// The locked screen brings the held form along. Shown again it is kept until its page is left, for it may lock once more.
function keepHeld() {
  const field = document.querySelector("[data-held]");
  if (!field) return forgetHeld();
  sessionStorage.removeItem(SHOWN);
  if (field.value) sessionStorage.setItem(HELD, field.value);
  else field.value = sessionStorage.getItem(HELD) ?? "";
  document.querySelector("[data-pin]").addEventListener("change", (event) => {
    if (event.target.name === "person") document.getElementById("pin").focus();
  });
}

function forgetHeld() {
  if ("heldIsShown" in document.body.dataset) sessionStorage.setItem(SHOWN, "1");
  else if (sessionStorage.getItem(SHOWN)) [HELD, SHOWN].forEach((name) => sessionStorage.removeItem(name));
}

// Another person takes over; what was typed stays, unless the page is not for them.
async function change() {
  document.querySelector("details.person")?.removeAttribute("open");
  if (!await switchPerson(locked)) return;
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok || answer.redirected) location.assign(document.querySelector("a.clinic-name").href);
  else if (hasUnsentForm()) renew();
  else location.reload();
}
