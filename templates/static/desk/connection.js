// Whether the server answers. While it does not, one calm line under the header says how old the page is.
import { keptAt, keptLive, noteTime } from "./kept.js";

// As long as the service worker waits. A server that hangs is as good as none.
export const PATIENCE_MS = 3000;

const bar = document.getElementById("away");
const isLive = document.getElementById("live") !== null;
let failures = 0;
let isGone = keptAt > 0;
let asOf = keptAt || Date.now();

export const isAway = () => isGone || !navigator.onLine;

export const onBack = (act) => document.addEventListener("desk:back", act);

export function answered() {
  failures = 0;
  if (isLive) asOf = Date.now();
  noteTime();
  if (!isGone) return;
  isGone = false;
  show();
  document.dispatchEvent(new Event("desk:back"));
}

export function noAnswer(isHanging = false) {
  failures += 1;
  // One lost request is no outage.
  if (isHanging || failures > 1 || !navigator.onLine) isGone = true;
  show();
}

// The time as the clinic's clock shows it, as on the rest of the page, with the day unless it is today.
export function timeText(ms) {
  const { zone: timeZone } = document.body.dataset;
  const dayOf = (at) => new Date(at).toLocaleDateString("en", { timeZone });
  const day = dayOf(ms) === dayOf(Date.now()) ? {} : { month: "short", day: "numeric" };
  return new Date(ms).toLocaleString(document.documentElement.lang, { timeZone, ...day, hour: "numeric", minute: "2-digit" });
}

// The words stand in the template, where they are translated; {names} in them are filled in here.
export function words(name, values = {}) {
  return (bar.dataset[name] ?? "").replace(/\{(\w+)\}/g, (_, each) => values[each] ?? "");
}

function show() {
  if (!document.body.dataset.live) return;
  const line = bar.querySelector("[data-age]");
  const text = isAway() ? words("saysAway", { time: timeText(asOf) }) : "";
  if (line.textContent !== text) line.textContent = text;
  bar.classList.toggle("is-away", isAway());
  showBar();
}

// The line is there while it has something to say.
export function showBar() {
  bar.hidden = !bar.textContent.trim();
}

export async function startConnection() {
  if (keptAt) asOf = (await keptLive()).at;
  show();
  addEventListener("offline", show);
  addEventListener("online", show);
}
