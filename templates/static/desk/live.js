// Open pages stay true: each second they ask for what is new, and change only where something is. A page on which nothing
// has happened for a while asks every five seconds, until it is touched or something is new.
import { PATIENCE_MS, answered, noAnswer } from "./connection.js";
import { fingerLifted } from "./finger.js";
import { keepListed, keepLive } from "./kept.js";
import { merge } from "./merge.js";
import { settle, standing } from "./settle.js";
import { signInEnded } from "./sign_in.js";

const EVERY_MS = 1000;
const QUIET_AFTER_MS = 20000;
const EVERY_QUIET_MS = 5000;
const SLOWEST_MS = 30000;
const liveRegion = () => document.getElementById("live");

let timer = 0;
let failures = 0;
let isAsking = false;
let stirredAt = Date.now();

async function look() {
  const address = document.body.dataset.live;
  if (!address || document.hidden || isAsking) return again();
  if (!navigator.onLine) return failed();
  isAsking = true;
  try {
    await ask(address, liveRegion());
  } catch (error) {
    return failed(error.name === "TimeoutError");
  } finally {
    isAsking = false;
  }
  again();
}

async function ask(address, region) {
  const seen = region ? region.dataset.seen : "";
  const question = new URL(address, location.href);
  question.searchParams.set("seen", seen);
  const askedAt = performance.now();
  const answer = await fetch(question, {
    headers: { "X-Live": "1" }, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (answer.status === 401) return signInEnded({ askedAt });
  if (!answer.ok) throw new Error(String(answer.status));
  const html = await answer.text();
  failures = 0;
  answered();
  count(answer.headers.get("X-Attention"));
  // Only what changes the page waits for the finger: while nothing is new, the next question goes out in time.
  const isNew = answer.status !== 204;
  if (isNew) await fingerLifted();
  // A tap may have changed the page while the question was on its way: then its answer is old.
  // A refused form stays until it is sent again: nothing a person typed is lost.
  if (!region || region.dataset.seen !== seen) return;
  if (!isNew) region.dataset.seen = answer.headers.get("X-Seen") || "";
  else if (!region.querySelector("[role=alert]")) {
    stir();
    showLive(html, answer);
    keepLive(html, region.dataset.seen).then(keepListed);
  }
}

function again() {
  clearTimeout(timer);
  const everyMs = isQuiet() ? EVERY_QUIET_MS : EVERY_MS;
  timer = setTimeout(look, Math.min(everyMs * 2 ** failures, SLOWEST_MS));
}

const isQuiet = () => Date.now() - stirredAt > QUIET_AFTER_MS;

function stir() {
  const wasQuiet = isQuiet();
  stirredAt = Date.now();
  return wasQuiet;
}

// Who comes to a quiet page sees what is new at once.
function touched() {
  if (stir() && !failures) look();
}

function failed(isHanging = false) {
  failures = Math.min(failures + 1, 6);
  noAnswer(isHanging);
  again();
}

export function count(text) {
  const badge = document.getElementById("attention-count");
  if (text === null || !badge || badge.dataset.count === text) return;
  badge.dataset.count = text;
  badge.textContent = text;
  badge.hidden = text === "0";
}

// `sent`: the form that this answers. Returns the notices that came along.
export function showLive(html, answer, sent = null) {
  const region = liveRegion();
  const template = document.createElement("template");
  template.innerHTML = html;
  const notices = template.content.querySelector("#notices");
  notices?.remove();
  const before = standing(region);
  if (merge(region, template.content, sent)) settle(region, before);
  region.dataset.seen = answer.headers.get("X-Seen") || "";
  htmx.process(region);
  return notices ? [...notices.childNodes] : [];
}

export function startLive() {
  if (!document.body.dataset.live) return;
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { stir(); look(); } });
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, touched, { passive: true, capture: true });
  addEventListener("online", () => { failures = 0; look(); });
  // A page from the browser's back-forward store is as old as it was left.
  addEventListener("pageshow", (event) => { if (event.persisted) look(); });
  again();
}
