// Forms are sent by the page itself, so that an answer that is lost or late costs nothing: the same form goes out again
// under the same idempotency key until the server has answered, and the page says all the while how it stands.
import { isAway, noAnswer } from "./connection.js";
import { review } from "./dialog.js";
import { focusOn } from "./fields.js";
import { fingerLifted } from "./finger.js";
import { keepLive } from "./kept.js";
import { canWait, keepLate } from "./late.js";
import { count, showLive } from "./live.js";
import { notify, remark, showNotices } from "./notices.js";
import { renew, signInEnded } from "./sign_in.js";
import { forget, keyFor, markOf, remember, unanswered } from "./unanswered.js";
import { gettext as _ } from "./words.js";

const ONE_TAP_MS = 1200;
const WORKING_MS = 400;
const WAITING_MS = 3000;
const PATIENCE_MS = 12000;
const PAUSES_MS = [1000, 2000, 4000, 8000];
// A tap right after the page was loaded again repeats the one that had no answer.
const SAME_TAP_MS = 10000;
const GATEWAY_ERRORS = [502, 503, 504];

const ONCE = _("The second tap was not counted.");

// When the form was answered, and what was typed in it if it was refused: corrected, it is a tap of its own.
const answers = new Map();
const tappedTwice = new Set();
// Asking takes a slow tablet longer than showing that the button was pressed, which comes first. A page that is hidden
// meanwhile is not drawn.
const drawn = () => new Promise((done) => {
  requestAnimationFrame(() => setTimeout(done));
  setTimeout(done, 100);
});
const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });
const isOnline = () => navigator.onLine || new Promise((done) => addEventListener("online", done, { once: true }));

class NoAnswer extends Error {}

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (!form.hasAttribute("data-once") || !document.body.dataset.live) return;
  // A button with an address or a window of its own is the browser's.
  if (submitter?.hasAttribute("formaction") || submitter?.formTarget || form.target) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  tap(form, submitter);
}, true);

async function tap(form, submitter) {
  const mark = markOf(form, submitter);
  if (form.dataset.sent === "waiting") return tappedTwice.add(form);
  const typed = typedIn(form);
  const last = answers.get(mark);
  const isOneTap = last && performance.now() - last.at < ONE_TAP_MS && (last.refused ?? typed) === typed;
  if (isOneTap) return remark(ONCE);
  const sentence = submitter?.dataset.review ?? form.dataset.review;
  if (sentence) {
    const filled = sentence.replace(/\{(\w+)\}/, (whole, name) => form.elements[name]?.value.trim() ?? whole);
    if (!await review(filled, submitter?.dataset.verb ?? form.dataset.verb, form.dataset.reviewNote)) return;
  }
  send({ form, submitter, mark, what: nameOf(submitter, form), fields: new FormData(form, submitter), typed });
}

// Hidden fields change with each answer. A file is told by its name.
function typedIn(form) {
  const fields = [...new FormData(form)].filter(([name]) => form.elements[name]?.type !== "hidden");
  return JSON.stringify(fields.map(([name, value]) => [name, value.name ?? value]));
}

function nameOf(submitter, form) {
  const button = submitter || form.querySelector("button");
  return (button.querySelector("b") || button).textContent.trim().replace(/\s+/g, " ");
}

async function send(sending) {
  const { form, mark, fields, what } = sending;
  const key = keyFor(mark) ?? fields.get("key");
  fields.set("key", key);
  sending.waits = canWait(form);
  if (sending.waits && isAway()) return keep(sending, keyFor(mark) !== undefined);
  if (!navigator.onLine) {
    return notify(_("This device is offline. “{what}” was not sent. Tap it again once the connection is back.", { what }), { isBad: true });
  }
  remember(mark, key, what);
  form.dataset.sent = "waiting";
  const showsWorking = showWorking(sending);
  try {
    await drawn();
    const answered = await answerTo(sending);
    await fingerLifted();
    showsWorking.end();
    await settled(sending, answered);
  } catch (error) {
    form.dataset.sent = "unanswered";
    if (sending.waits && error instanceof NoAnswer) return await keep(sending, true);
    const said = _("No answer yet. “{what}” may be saved already. Try again: it is never counted twice.", { what });
    notify(said, { isBad: true, action: { text: _("Try again"), act: () => send(sending) } });
    if (!(error instanceof NoAnswer)) throw error;
  } finally {
    showsWorking.end();
    if (tappedTwice.delete(form)) remark(ONCE);
  }
}

async function keep(sending, wasSent) {
  const { form, mark } = sending;
  form.dataset.sent = "waiting";
  try {
    if (await keepLate(sending, { wasSent })) forget(mark);
    answers.set(mark, { at: performance.now() });
  } finally {
    delete form.dataset.sent;
  }
}

// The words on the button change, the place they stand in does not.
function showWorking({ form, submitter, what }) {
  const button = submitter || form.querySelector("button:not([type=button])");
  const words = document.createElement("span");
  Object.assign(words, { className: "busy-words", textContent: _("Working…") });
  let notice = null;
  const timers = [
    setTimeout(() => {
      button.setAttribute("aria-busy", "true");
      button.append(words);
    }, WORKING_MS),
    setTimeout(() => {
      notice = notify(_("Still waiting… “{what}” has no answer so far. There is no need to tap again.", { what }));
    }, WAITING_MS),
  ];
  return {
    end() {
      timers.forEach(clearTimeout);
      notice?.remove();
      words.remove();
      button.removeAttribute("aria-busy");
    },
  };
}

// What can wait is kept on the device once the server is away, and sent from there.
async function answerTo(sending) {
  const until = sending.waits ? AbortSignal.timeout(WAITING_MS) : null;
  for (const pause of [...PAUSES_MS, null]) {
    if (!until) await isOnline();
    try {
      return await ask(sending, until);
    } catch {
      if (until && (until.aborted || isAway())) noAnswer(until.aborted);
      if (pause === null || (until && isAway())) throw new NoAnswer();
      if (!navigator.onLine) remark(_("This device is offline. It continues automatically once the connection is back."));
      await sleep(pause);
    }
  }
}

async function ask({ form, submitter, fields }, until) {
  const answer = await fetch(form.action, {
    method: "POST",
    body: form.enctype === "multipart/form-data" ? fields : new URLSearchParams(fields),
    headers: { "HX-Request": "true", "X-Shows": document.body.dataset.live },
    cache: "no-store",
    signal: until ?? AbortSignal.timeout(PATIENCE_MS),
  });
  // A gateway knows nothing of what the server behind it did; our own refusals bring a notice.
  if (GATEWAY_ERRORS.includes(answer.status) && !answer.headers.has("X-Notice")) throw new Error(String(answer.status));
  return { answer, html: await answer.text() };
}

async function settled(sending, { answer, html }) {
  const { form, mark, fields, typed } = sending;
  if (answer.status === 401 || answer.headers.has("X-Stale-Token")) return signedInAgain(sending, answer);
  // After an error of the server's own it is not known what was kept: the same key comes again.
  if (answer.status < 500) forget(mark, fields.get("key"));
  answers.set(mark, { at: performance.now(), refused: answer.ok ? undefined : typed });
  count(answer.headers.get("X-Attention"));
  const address = answer.headers.get("HX-Redirect");
  if (address) return leaveFor(address);
  if (answer.status < 500) delete form.dataset.sent;
  else form.dataset.sent = "unanswered";
  if (answer.headers.has("X-Notice")) showNotices(parsed(html).body.childNodes);
  else if (/^\s*<!doctype/i.test(html)) showPage(parsed(html));
  else showPiece(sending, html, answer);
}

const parsed = (html) => new DOMParser().parseFromString(html, "text/html");

async function signedInAgain(sending, answer) {
  const { token, isSame, person } = answer.status === 401 ? await signInEnded({ isSending: true, prove: answer.headers.get("X-Prove") }) : await renew();
  sending.fields.set("csrf_token", token);
  forget(sending.mark);
  delete sending.form.dataset.sent;
  if (isSame) return send(sending);
  notify(_("You are signed in as {person} now. “{what}” was not sent; tap it again to do it as {person}.", { person, what: sending.what }), { isBad: true });
}

function leaveFor(address) {
  const wanted = new URL(address, location.href);
  const isHere = wanted.origin === location.origin && wanted.pathname + wanted.search === location.pathname + location.search;
  location.assign(wanted.href);
  // A change of the fragment alone would show the old page.
  if (isHere && wanted.hash) location.reload();
}

// A page that changes by itself has a script more.
function needScripts(page) {
  for (const { src } of page.querySelectorAll("head script[src]")) {
    const isHere = [...document.scripts].some((each) => each.src === src);
    if (!isHere) document.head.append(Object.assign(document.createElement("script"), { src }));
  }
}

// A refused form on a page of its own, or a page that another has taken the place of.
function showPage(page) {
  document.title = page.title;
  if (page.body.dataset.live) document.body.dataset.live = page.body.dataset.live;
  document.getElementById("main").replaceChildren(...page.getElementById("main").childNodes);
  needScripts(page);
  htmx.process(document.getElementById("main"));
  document.dispatchEvent(new Event("desk:page"));
  lead(null);
}

function showPiece({ form }, html, answer) {
  const stop = form.closest("details[id]")?.querySelector("summary");
  const wasIn = document.activeElement;
  const isElsewhere = wasIn !== document.body && !form.contains(wasIn);
  showNotices(showLive(html, answer, form));
  keepLive(html, answer.headers.get("X-Seen") || "");
  if (!isElsewhere) lead(stop);
}

// Where the keyboard goes on: at what is wrong, else where the form was opened, else at the start with its notice.
function lead(stop) {
  const wrong = document.querySelector("#main [data-focus], #main [role=alert]");
  if (wrong) focusOn(wrong);
  else (stop?.isConnected ? stop : document.getElementById("main")).focus({ preventScroll: true });
}

// The page before this one may have left without an answer: say what came of it.
export async function startSending() {
  for (const [mark, { key, what }] of unanswered()) {
    if (await isDone(key)) {
      notify(_("“{what}” was saved before this page was loaded.", { what }));
      setTimeout(() => forget(mark, key), SAME_TAP_MS);
    } else {
      const said = _("“{what}” had no answer before this page was loaded. See whether it is saved; if not, tap it again. It is never counted twice.", { what });
      notify(said, { isBad: true });
    }
  }
}

// What was on its way while the page was loaded may be saved a moment later.
async function isDone(key) {
  const address = document.body.dataset.answers + encodeURIComponent(key);
  for (const pause of [1000, 2000, 0]) {
    const answer = await fetch(address, { headers: { "X-Live": "1" }, cache: "no-store" }).catch(() => null);
    if (answer?.ok && (await answer.json()).is_done) return true;
    await sleep(pause);
  }
  return false;
}

// A page from the back-forward store is shown as it was left: with a form still on its way.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent=waiting]")) form.dataset.sent = "unanswered";
});
