// The desk in the browser: what is new shows by itself, keys do what they say, one tap is one act.
// Every page works without these scripts; they make it quicker and safer.
import { startConnection } from "./connection.js";
import { focusOn } from "./fields.js";
import { startKeys } from "./keys.js";
import { keptAt, keptLive, startKeeping } from "./kept.js";
import { renewKeys, startLate } from "./late.js";
import { showLive, startLive } from "./live.js";
import { startLock } from "./lock.js";
import { watchNotice } from "./notices.js";
import { startOfflinePage } from "./offline_page.js";
import { openTarget } from "./page.js";
import "./print.js";
import { startSending } from "./send.js";
import { signInEnded } from "./sign_in.js";
import "./walk_in.js";
import "./working.js";

// What few pages have is loaded there alone (ON_DEMAND in plugin/web/pages.py).
const has = (selector) => document.querySelector(selector) !== null;

function startOnDemand() {
  if (has("[data-sheet]")) import("./preview.js").then(({ startPreview }) => startPreview());
  if (has("[data-choosing]")) import("./choose.js");
  if (has("[data-same-hours]")) import("./hours.js");
  if (has("[data-passkey]")) import("./passkey.js").then(({ showPasskeys }) => showPasskeys());
  if (has("[data-draft], [data-time-zone]")) import("./setup.js");
}

document.documentElement.classList.add("scripted");
const dialogs = document.getElementById("dialogs");
if (dialogs) document.body.append(dialogs.content);
// A list that htmx asked for, after the sign-in has ended.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status === 401) signInEnded();
});
document.addEventListener("desk:page", startOnDemand);

openTarget();
if (document.body.dataset.checkInScreen || has("[data-check-in]")) import("./check_in.js").then(({ startCheckIn }) => startCheckIn());
watchNotice();
startOnDemand();
startLock();
const wrong = document.querySelector("[data-focus]");
if (wrong) focusOn(wrong);
startKeeping();
startConnection();
startLate();
startOfflinePage();
if (keptAt) {
  const { live } = await keptLive();
  if (live) showLive(await live.text(), live);
  renewKeys();
}
if (document.body.dataset.live) {
  startLive();
  startSending();
  startKeys();
  if (has("[data-camera][data-finds]")) import("./scan.js").then(({ startScan }) => startScan());
}
