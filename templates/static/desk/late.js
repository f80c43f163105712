// Forms that may wait for the server: "Use a session" and visit notes. They are kept on the device and sent once, in
// their order, each under its own key and with the time of its tap.
import { answered, isAway, noAnswer, onBack, timeText, words } from "./connection.js";
import { review } from "./dialog.js";
import { isField } from "./fields.js";
import { isSupported } from "./kept.js";
import { notify } from "./notices.js";
import { renew, signInEnded } from "./sign_in.js";
import { addWaiting, allWaiting, changeWaiting, countWaiting, removeWaiting } from "./waiting.js";
import { sameAs, showWaiting, whose } from "./waiting_list.js";

const PATIENCE_MS = 12000;
const AGAIN_MS = 60000;
const MOST_FAILURES = 3;

const mine = () => document.body.dataset.staff;
const tokenField = () => document.querySelector("input[name=csrf_token]");
let timer = 0;

export const canWait = (form) => isSupported && form.hasAttribute("data-waits");

const freshKey = () => `desk-${[...crypto.getRandomValues(new Uint8Array(12))].map((each) => each.toString(16).padStart(2, "0")).join("")}`;

// A page that was kept may hold keys that were used since.
export function renewKeys() {
  document.querySelectorAll("input[name=key]").forEach((field) => { field.value = freshKey(); });
}

// Keeps what was tapped; answers whether it is kept. `wasSent`: it may have reached the server, under its key.
export async function keepLate({ form, what: button, fields }, { wasSent }) {
  const what = form.dataset.what ?? button;
  const address = new URL(form.action).pathname;
  const same = sameAs(form, await allWaiting());
  const isNote = [...form.elements].some((field) => isField(field) && field.type !== "hidden");
  if (same.length && !isNote) {
    if (!wasSent && !await review(words("saysTwice", { time: timeText(same[0].at) }), words("saysUseTwice"))) return false;
    fields.set("known_charges", same.length);
  }
  // A note that waits is replaced by what is written now, as if both were one.
  const replaced = isNote ? same.filter((each) => !each.wasSent) : [];
  await Promise.all(replaced.map(({ number }) => removeWaiting(number)));
  const key = wasSent ? fields.get("key") : freshKey();
  const sent = [...fields].filter(([name]) => !["csrf_token", "key"].includes(name));
  const act = { key, by: mine(), at: Date.now(), wasSent };
  const number = await addWaiting(act, { what, who: whose(form), address, fields: sent, before: replaced[0]?.before ?? shown(form) });
  navigator.storage?.persist?.();
  settleForm(form);
  const said = words(wasSent ? "saysKeptSent" : "saysKept", { what, who: whose(form) });
  notify(said, { action: wasSent ? null : { text: words("saysCancel"), act: () => cancelLate({ ...act, number }) } });
  await showWaiting();
  return true;
}

// The fields as the page showed them: whether somebody has changed them meanwhile can be told by that.
function shown(form) {
  const fields = [...form.elements].filter((field) => isField(field) && field.name && field.type !== "hidden");
  const value = (field) => (field.nodeName === "SELECT" ? [...field.options].find((each) => each.defaultSelected)?.value ?? "" : field.defaultValue);
  return Object.fromEntries(fields.map((field) => [field.name, value(field)]));
}

// What is kept is no unsent text any more; the next tap is another act.
function settleForm(form) {
  for (const field of form.elements) {
    if (field.nodeName === "SELECT") [...field.options].forEach((each) => { each.defaultSelected = each.selected; });
    else if (["checkbox", "radio"].includes(field.type)) field.defaultChecked = field.checked;
    else if (isField(field) && field.type !== "hidden") field.defaultValue = field.value;
  }
  form.elements.key.value = freshKey();
  form.closest("details")?.removeAttribute("open");
}

// What may have reached the server is asked about first.
export async function cancelLate({ number }) {
  const row = await changeWaiting(number, { isCanceled: true });
  if (row && !row.wasSent) await removeWaiting(number);
  await showWaiting();
  sendLate();
}

export async function tryAgain({ number }) {
  await changeWaiting(number, { problem: "", failures: 0 });
  await sendLate();
}

// `forAll`: also what other people tapped here, once somebody who may do so has said it.
export async function sendLate({ forAll = false } = {}) {
  clearTimeout(timer);
  if (!isSupported || !mine() || isAway() || !await countWaiting()) return showWaiting();
  // One window at a time, or two would send the same at once.
  await navigator.locks.request("late-acts", { ifAvailable: true }, (lock) => lock && sendAll(forAll));
  return showWaiting();
}

async function sendAll(forAll) {
  const results = [];
  for (const act of await allWaiting()) {
    if (!act.isCanceled && (act.problem || act.isUnreadable || (act.by !== mine() && !forAll))) continue;
    // It may have been canceled since the list was read. From here on it may have reached the server.
    const row = await changeWaiting(act.number, { wasSent: true });
    if (!row) continue;
    const result = await (row.isCanceled ? settleCanceled(act) : send(act));
    if (result === "stop") {
      timer = setTimeout(sendLate, AGAIN_MS);
      break;
    }
    if (result) results.push(result);
  }
  tell(results);
}

async function send(act, isSecond = false) {
  const body = new URLSearchParams(act.fields);
  const late = { key: act.key, csrf_token: tokenField()?.value ?? "", late_address: act.address, late_by: act.by };
  Object.entries(late).forEach(([name, value]) => body.set(name, value));
  body.set("late_ago", Math.max(0, Date.now() - act.at));
  body.set("late_before", JSON.stringify(act.before));
  const answer = await ask(document.body.dataset.late, { method: "POST", body });
  if (!answer) return "stop";
  if (answer.headers.has("X-Stale-Token") && !isSecond) return (await renew()).isSame ? send(act, true) : "stop";
  if (answer.status === 401) {
    signInEnded();
    return "stop";
  }
  return settled(act, answer);
}

async function settled(act, answer) {
  if (answer.ok) {
    const result = await answer.json();
    await removeWaiting(act.number);
    return result;
  }
  const failures = (act.failures ?? 0) + 1;
  if ((answer.status === 429 || answer.status >= 500) && failures < MOST_FAILURES) {
    if (answer.status !== 429) await changeWaiting(act.number, { failures });
    return "stop";
  }
  // Somebody else's may wait for them, or for somebody who may send it.
  const isTheirs = answer.status === 403 && act.by !== mine();
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const problem = page.querySelector("[data-notice] p")?.textContent.trim() || words("saysNotTaken");
  if (!isTheirs) await changeWaiting(act.number, { problem });
  return { said: `${act.what}, ${act.who}: ${problem}`, is_saved: false };
}

async function settleCanceled(act) {
  const answer = await ask(document.body.dataset.answers + encodeURIComponent(act.key), {});
  if (!answer?.ok) return "stop";
  await removeWaiting(act.number);
  return (await answer.json()).is_done ? { said: words("saysCanceledLate", act), is_saved: false } : null;
}

// Answers null where no answer came.
async function ask(address, options) {
  const headers = { "HX-Request": "true", "X-Live": "1" };
  const answer = await fetch(address, { ...options, headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => null);
  // So answers a gateway, or our own server while its database is away.
  if (!answer || ([502, 503, 504].includes(answer.status) && (!answer.headers.has("X-Request-ID") || answer.headers.has("Retry-After")))) {
    noAnswer();
    return null;
  }
  answered();
  return answer;
}

function tell(results) {
  if (!results.length) return;
  const bad = results.filter((each) => !each.is_saved);
  const first = bad[0] ?? results[0];
  const said = results.length === 1 ? first.said : `${words("saysSent", { n: results.length - bad.length })} ${bad.map((each) => each.said).join(" ")}`;
  const action = first.address && first.address !== location.pathname ? { text: words("saysShow"), act: () => location.assign(first.address) } : null;
  notify(said.trim(), { isBad: bad.length > 0, action });
}

export function startLate() {
  if (!isSupported) return;
  document.addEventListener("late-cancel", ({ detail }) => cancelLate(detail));
  document.addEventListener("late-again", ({ detail }) => tryAgain(detail));
  document.querySelector("[data-send-all]")?.addEventListener("click", () => sendLate({ forAll: true }));
  onBack(() => sendLate());
  addEventListener("online", () => sendLate());
  sendLate();
}
