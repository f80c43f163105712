// The set-up: the clock of this computer suggests where the clinic is, and what was typed survives a look at another step.
import { isField } from "./fields.js";

const zone = document.querySelector("[data-time-zone]");
if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";

const DRAFT = `draft:${location.pathname}`;
const form = document.querySelector("form[data-draft]");
// Passwords and files are never kept.
const isKept = (field) => isField(field) && field.name && !["hidden", "password", "file"].includes(field.type);
const fields = () => [...form.elements].filter(isKept);
const isTick = (field) => ["checkbox", "radio"].includes(field.type);
const nameOf = (field) => (isTick(field) ? `${field.name}=${field.value}` : field.name);

function keep() {
  const typed = Object.fromEntries(fields().map((field) => [nameOf(field), isTick(field) ? field.checked : field.value]));
  sessionStorage.setItem(DRAFT, JSON.stringify(typed));
}

function giveBack() {
  const typed = JSON.parse(sessionStorage.getItem(DRAFT) || "{}");
  for (const field of fields()) {
    const value = typed[nameOf(field)];
    if (value === undefined) continue;
    if (isTick(field)) field.checked = value;
    else field.value = value;
  }
}

if (form) {
  // A refused form holds what was typed already.
  if (!form.querySelector("[aria-invalid]")) giveBack();
  form.addEventListener("input", keep);
  // Before the form is sent: its answer is a page of what is saved, or the form itself with what is wrong.
  addEventListener("submit", (event) => { if (event.target === form) sessionStorage.removeItem(DRAFT); }, true);
}
