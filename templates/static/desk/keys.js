// Keys for who does not want the mouse. None of them spends anything by itself: `u` only leads to the button.
import { isField } from "./fields.js";
import { closeNotice, remark } from "./notices.js";
import { openDialog } from "./dialog.js";
import { keyInFinder, openPalette } from "./palette.js";
import { empty, takeFirst, walk } from "./search.js";
import { gettext as _ } from "./words.js";

const OFF = "keys-off";
// Letters that come this quickly after each other are a name, not commands.
const NAME_MS = 400;

let typed = "";
let undoTimer = 0;
let nameTimer = 0;

const areOff = () => localStorage.getItem(OFF) === "1";

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (key === "Escape") return close(target);
  if (keyInFinder(event)) return;
  if (key === "Enter" && !event.repeat && !event.isComposing && takeFirst(event)) return;
  if (key === "ArrowDown" || key === "ArrowUp") return walk(event);
  // A key that is held down must not press its button again and again.
  if (event.repeat && (key === "Enter" || key === " ") && target.closest("button")) return event.preventDefault();
  if (key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey) && !event.shiftKey) return find(event);
  if (event.metaKey || event.ctrlKey || event.altKey || event.repeat || key.length !== 1 || key === " ") return;
  if (areOff() || document.querySelector("dialog[open]")) return;
  const isEmptySearch = target.id === "q" && !target.value;
  if (isField(target) && !(isEmptySearch && (key === "/" || key === "?"))) return;
  if (key === "/") return find(event);
  if (key === "?") return openSheet(event);
  command(event);
});

function command(event) {
  clearTimeout(undoTimer);
  clearTimeout(nameTimer);
  const isName = typed || !["u", "z"].includes(event.key);
  if (isName) return toSearch(event, typed + event.key);
  typed = event.key;
  nameTimer = setTimeout(() => { typed = ""; }, NAME_MS);
  if (event.key === "u") leadToUse(event);
  else undoTimer = setTimeout(undo, NAME_MS);
}

function leadToUse(event) {
  const button = document.querySelector("[data-shortcut=u]");
  if (!button) return;
  event.preventDefault();
  button.focus({ focusVisible: true });
  remark(_("Press Enter to {act}.", { act: button.textContent.trim().toLowerCase() }));
}

function undo() {
  const button = document.querySelector("#notices form button");
  button?.form.requestSubmit(button);
}

function find(event) {
  if (!document.getElementById("palette") || document.querySelector("dialog[open]:not(#palette)")) return;
  event.preventDefault();
  if (!document.querySelector("#palette[open]")) openPalette();
}

// Who types a name looks for a client, wherever on the page they are: in its own search, else in the palette.
function toSearch(event, text) {
  const search = document.getElementById("q");
  typed = "";
  if (!search && !document.getElementById("palette")) return;
  event.preventDefault();
  if (!search) return openPalette(text);
  search.focus();
  search.value = text;
  search.dispatchEvent(new Event("input", { bubbles: true }));
}

function openSheet(event) {
  const sheet = document.getElementById("keys");
  if (!sheet) return;
  event.preventDefault();
  openDialog(sheet);
}

function close(target) {
  if (document.querySelector("dialog[open]")) return;
  const open = [...document.querySelectorAll("details[data-closes][open]")];
  for (const details of open) {
    details.open = false;
    details.querySelector("summary").focus();
  }
  if (target.id === "q" && target.value) empty(target);
  else if (target.dataset?.shortcut) {
    target.blur();
    closeNotice();
  } else if (!open.length) closeNotice();
}

// A question that was asked from a menu leaves it open: who says no goes on there.
document.addEventListener("click", (event) => {
  if (event.target.closest("dialog")) return;
  for (const details of document.querySelectorAll("details[data-closes][open]")) {
    if (!details.contains(event.target)) details.open = false;
  }
});

export function startKeys() {
  const choice = document.getElementById("keys-on");
  if (!choice) return;
  choice.checked = !areOff();
  choice.addEventListener("change", () => localStorage.setItem(OFF, choice.checked ? "0" : "1"));
}
