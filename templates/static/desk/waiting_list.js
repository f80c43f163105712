// Shows what waits to be sent: how many in the line under the header, each of them one tap away, and beside its form.
import { showBar, timeText, words } from "./connection.js";
import { openDialog } from "./dialog.js";
import { isField, isTouched } from "./fields.js";
import { isSupported } from "./kept.js";
import { allWaiting, countWaiting } from "./waiting.js";

const { staff, role } = document.body.dataset;
const dialog = () => document.getElementById("waiting");

export async function showWaiting() {
  if (!isSupported) return;
  const n = await countWaiting();
  const acts = n && staff ? await allWaiting() : [];
  const button = document.querySelector("#away [data-waiting]");
  // A device that has locked meanwhile shows nothing any more.
  if (!button) return;
  const text = n ? words(n === 1 ? "saysOne" : "saysMany", { n }) : "";
  if (button.textContent !== text) button.textContent = text;
  button.hidden = !n || !staff;
  const here = "offlinePage" in document.body.dataset ? text : n && words(n === 1 ? "saysOneHere" : "saysManyHere", { n });
  document.querySelector("#away [data-waits-here]").textContent = staff ? "" : here || "";
  showBar();
  if (!staff) return;
  fill(acts);
  markForms(acts);
}

function fill(acts) {
  dialog().querySelector("[data-list]").replaceChildren(...acts.map(row));
  const isTheirs = acts.some((act) => act.by !== staff);
  dialog().querySelector("[data-send-all]").hidden = !isTheirs || role === "practitioner";
  dialog().querySelector("[data-theirs]").hidden = !isTheirs;
  if (!acts.length) dialog().close();
}

function row(act) {
  const item = document.createElement("li");
  const said = document.createElement("p");
  said.append(bold(act.isUnreadable ? words("saysUnreadable") : act.what), act.who ? `, ${act.who}` : "");
  item.append(said, small([timeText(act.at), act.by === staff ? "" : words("saysByOther"), act.isCanceled ? words("saysCanceled") : ""]));
  if (act.problem) item.append(Object.assign(document.createElement("p"), { className: "why", textContent: act.problem }));
  if (act.problem) item.append(button(words("saysTryAgain"), "late-again", act));
  if (!act.isCanceled) item.append(button(words("saysCancel"), "late-cancel", act));
  return item;
}

const bold = (text) => Object.assign(document.createElement("b"), { textContent: text });

const small = (parts) => Object.assign(document.createElement("p"), { className: "muted", textContent: parts.filter(Boolean).join(" · ") });

function button(text, event, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: text });
  made.addEventListener("click", () => document.dispatchEvent(new CustomEvent(event, { detail: act })));
  return made;
}

export const whose = (form) => form.dataset.for ?? "";

// What waits of the same: the client's same sessions, tapped on their page or among the arrivals; or the same note.
export function sameAs(form, acts) {
  const allowance = form.elements.allowance_id?.value;
  const isSame = (act) => (allowance
    ? act.who === whose(form) && new Map(act.fields).get("allowance_id") === allowance
    : act.address === new URL(form.action).pathname);
  return acts.filter((act) => !act.isCanceled && !act.isUnreadable && isSame(act));
}

// What waits stands beside the button that was tapped, too.
function markForms(acts) {
  document.querySelectorAll(".waits-beside").forEach((node) => node.remove());
  for (const form of document.querySelectorAll("form[data-waits]")) {
    const times = sameAs(form, acts).map((act) => timeText(act.at));
    if (times.length) fillIn(form, sameAs(form, acts).at(-1));
    if (times.length) form.after(Object.assign(document.createElement("p"), { className: "waits-beside", textContent: words("saysBeside", { time: times.join(", ") }) }));
  }
}

// A note that waits is shown as it will be, also on a page that was kept before it was written.
function fillIn(form, act) {
  const sent = new FormData();
  act.fields.forEach(([name, value]) => sent.append(name, value));
  for (const field of form.elements) {
    if (!isField(field) || field.type === "hidden" || isTouched(field)) continue;
    if (["checkbox", "radio"].includes(field.type)) field.checked = field.defaultChecked = sent.getAll(field.name).includes(field.value);
    else if (sent.has(field.name)) field.value = sent.get(field.name);
    if (field.nodeName === "TEXTAREA" || field.nodeName === "INPUT") field.defaultValue = field.value;
  }
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-waiting]")) showWaiting().then(() => openDialog(dialog()));
});
