// A sign-in that has ended: where something typed would be lost, it is made again over the page.
import { hasUnsentForm } from "./fields.js";
import { openDialog } from "./dialog.js";
import { isAway } from "./connection.js";
import { forgetPages, keepFor, signOutLater } from "./kept.js";
import { leave } from "./lock.js";
import { gettext as _ } from "./words.js";

let signingIn = null;
// The step of a sign-in over the page that is being sent, and when the last one signed somebody in.
let entering = null;
let enteredAt = -Infinity;

const personOn = (page) => page.querySelector(".person > summary .unseen")?.textContent ?? "";

// What is still being sent waits for the sign-in as well. `prove`: the address that asks who is signed in for their password.
// `askedAt`: when the question was asked; one asked before somebody signed in over the page says nothing of them.
export async function signInEnded({ isSending = false, prove = null, askedAt = Infinity } = {}) {
  await entering;
  if (askedAt < enteredAt) return null;
  // A shared device is locked: nothing of its page may stay, under a question or not.
  if (document.body.dataset.lock && !prove) return leave();
  if (!signingIn && !isSending && !hasUnsentForm() && !document.querySelector("form[data-sent]")) return location.reload();
  signingIn ??= signIn(prove).finally(() => { signingIn = null; });
  return signingIn;
}

async function signIn(prove) {
  const dialog = document.getElementById("sign-in");
  name(dialog, prove ? _("Confirm it’s you") : _("Sign in to continue"), !prove);
  if (prove) await fill(dialog, await fetch(prove, { cache: "no-store" }));
  else if (await isSignedIn(dialog)) return renew();
  // Escape would uncover a page that can’t be used.
  dialog.oncancel = (event) => event.preventDefault();
  await entered(dialog);
  return renew();
}

// Another person takes over by PIN; answers whether they did. `locked`: the address that asks who is here.
export async function switchPerson(locked) {
  const dialog = document.getElementById("sign-in");
  name(dialog, _("Who is here?"), false);
  await fill(dialog, await fetch(locked, { cache: "no-store" }));
  // Escape leaves everything as it is.
  dialog.oncancel = null;
  return Promise.race([entered(dialog), new Promise((done) => dialog.addEventListener("close", () => done(false), { once: true }))]);
}

async function entered(dialog) {
  openDialog(dialog);
  focusIn(dialog);
  const closed = new AbortController();
  dialog.addEventListener("close", () => closed.abort(), { once: true });
  await new Promise((done) => {
    dialog.onsubmit = (event) => {
      event.preventDefault();
      if (!event.target.matches("[data-passkey]")) enter(dialog, event.target).then((isIn) => isIn && done());
    };
    dialog.addEventListener("passkey", (event) => enter(dialog, event.detail).then((isIn) => isIn && done()), { signal: closed.signal });
  });
  dialog.close();
  return true;
}

// Sends one step of the sign-in; answers whether it was the last.
async function enter(dialog, form) {
  entering = fetch(form.action, {
    method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual", headers: { "X-Over-Page": "1" },
  }).catch(() => null).then((answer) => {
    if (answer?.status === 204) enteredAt = performance.now();
    return answer;
  });
  const answer = await entering;
  // Another tab may have signed in meanwhile: then the token of this form is old, and none is needed.
  if (answer?.status === 204 || (answer?.status === 400 && await isSignedIn(dialog))) return true;
  if (answer && answer.status !== 400) {
    await fill(dialog, answer);
    focusIn(dialog);
  } else dialog.querySelector("#sign-in-said").textContent = _("No answer. Try again.");
  return false;
}

function name(dialog, heading, isEnded) {
  dialog.querySelector("h2").textContent = heading;
  dialog.querySelector("[data-ended]").hidden = !isEnded;
}

// Asks for the form to sign in with, unless there is no need of it.
async function isSignedIn(dialog) {
  const answer = await fetch(document.body.dataset.signIn, { cache: "no-store" });
  if (!answer.redirected) await fill(dialog, answer);
  return answer.redirected;
}

// The forms of the sign-in page itself, with their token; their names must not be those of a field of this page.
async function fill(dialog, answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const forms = [...page.querySelectorAll("main form")];
  const said = dialog.querySelector("#sign-in-said");
  if (!forms.length) {
    said.textContent = page.querySelector(".said")?.textContent ?? _("No answer. Try again.");
    return;
  }
  said.textContent = page.querySelector("main [role=alert]:not([hidden])")?.textContent ?? "";
  forms.forEach(adapt);
  const place = dialog.querySelector("[data-form]");
  place.replaceChildren(...forms.map((form) => document.adoptNode(form)));
  if (place.querySelector("[data-passkey]")) import("./passkey.js").then(({ showPasskeys }) => showPasskeys(place));
}

function adapt(form) {
  form.querySelectorAll(".refused, .proposal, .more, [name=next]").forEach((node) => node.remove());
  for (const field of form.querySelectorAll("[id]")) {
    form.querySelector(`label[for="${field.id}"]`)?.setAttribute("for", `sign-in-${field.id}`);
    field.id = `sign-in-${field.id}`;
    field.removeAttribute("aria-describedby");
  }
  // It is sent from here, not as the forms of the desk are.
  form.removeAttribute("data-once");
  const email = form.querySelector("[name=email]");
  if (email) email.value ||= document.body.dataset.email;
}

const focusIn = (dialog) => [...dialog.querySelectorAll("input")].find((field) => field.type !== "hidden" && !field.value)?.focus();

// Gives every form of this page the token of the sign-in that holds now; answers whether it is the same person’s.
export async function renew() {
  const answer = await fetch(location.href, { cache: "no-store" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = page.querySelector("input[name=csrf_token]")?.value;
  const person = personOn(page);
  const { staff, role, keptFor, seal } = page.body.dataset;
  if (keptFor) Object.assign(document.body.dataset, { staff, role, keptFor, seal });
  await keepFor(keptFor);
  const isSame = person === personOn(document);
  if (token) document.querySelectorAll("input[name=csrf_token]").forEach((field) => { field.value = token; });
  const header = page.querySelector("header.bar");
  if (header && !isSame) document.querySelector("header.bar").replaceWith(document.adoptNode(header));
  return { token, isSame, person: person.split(",")[0].trim() };
}

// What is kept of pages goes with the sign-in. Without a connection the server learns of it later.
document.addEventListener("submit", async (event) => {
  if (!event.target.matches("[data-sign-out]")) return;
  if (!isAway()) return forgetPages();
  event.preventDefault();
  await signOutLater(event.target.elements.csrf_token.value);
  location.assign(document.body.dataset.start);
});
