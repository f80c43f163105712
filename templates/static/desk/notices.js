// What was just done, and what keeps it from being done: one notice at a time. A bad one stays until it is closed.
import { gettext as _ } from "./words.js";

const STAYS_MS = 15000;
const place = () => document.getElementById("notices");
const current = () => place().querySelector("[data-notice]");
let timer = 0;

export function notify(text, { isBad = false, action = null } = {}) {
  const notice = document.createElement("div");
  notice.className = isBad ? "notice bad" : "notice";
  notice.dataset.notice = "";
  const line = document.createElement("p");
  line.textContent = text;
  notice.append(line);
  if (action) notice.append(button(action.text, () => { notice.remove(); action.act(); }));
  const close = button("×", () => notice.remove());
  close.classList.add("close");
  close.setAttribute("aria-label", _("Close this message"));
  notice.append(close);
  showNotices([notice]);
  return notice;
}

function button(text, act) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "plain", textContent: text });
  made.addEventListener("click", act);
  return made;
}

// A word about the last tap, beside what that tap was answered with.
export function remark(text) {
  const line = current()?.querySelector("p");
  if (!line) notify(text);
  else if (!line.textContent.endsWith(text)) line.append(` ${text}`);
}

export function showNotices(nodes) {
  place().replaceChildren(...nodes);
  watchNotice();
}

export const closeNotice = () => current()?.remove();

// It leaves by itself, unless somebody is at it.
export function watchNotice() {
  clearTimeout(timer);
  const notice = current();
  if (!notice || notice.classList.contains("bad")) return;
  timer = setTimeout(() => {
    if (notice.matches(":hover, :focus-within")) watchNotice();
    else notice.remove();
  }, STAYS_MS);
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-notice]")) closeNotice();
});
