// Makes a piece of the page like its fresh version and changes only what differs, so that focus, open details and
// typed text stay. `sent` is the form that the fresh version answers: what stood in it is answered too.
import { isField, isTouched } from "./fields.js";

export function merge(old, fresh, sent = null) {
  return mergeChildren(old, fresh, sent);
}

// Returns whether anything was added, moved or removed: then what stood under a finger may be something else.
function mergeChildren(old, fresh, sent) {
  const known = new Map([...old.children].filter((node) => node.id).map((node) => [node.id, node]));
  let place = old.firstChild;
  let isShifted = false;
  for (const wanted of [...fresh.childNodes]) {
    const same = wanted.id ? known.get(wanted.id) : null;
    if (same && same !== place) {
      old.insertBefore(same, place);
      isShifted = true;
    }
    const here = same || place;
    if (here && isSameKind(here, wanted)) {
      if (here === place) place = place.nextSibling;
      isShifted = mergeNode(here, wanted, sent) || isShifted;
    } else {
      isShifted ||= wanted.nodeType === Node.ELEMENT_NODE;
      old.insertBefore(wanted, place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    isShifted ||= place.nodeType === Node.ELEMENT_NODE;
    place.remove();
    place = next;
  }
  return isShifted;
}

function isSameKind(one, other) {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName && (one.id || "") === (other.id || "");
}

function mergeNode(old, fresh, sent) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return false;
  }
  if (isLeftAlone(old, sent)) return false;
  const { value, checked } = fresh;
  mergeAttributes(old, fresh, sent);
  const isShifted = mergeChildren(old, fresh, sent);
  if (isField(old) && old.type !== "hidden") {
    // A field that was typed in once does not follow its attributes any more.
    if (old.value !== value && old.type !== "file") old.value = value;
    if (old.checked !== checked) old.checked = checked;
  }
  return isShifted;
}

function isLeftAlone(node, sent) {
  if (node.hasAttribute("data-keep") || node.dataset.sent === "waiting") return true;
  if (!isField(node)) return false;
  // The server may have done it under this key: it must come again with the next tap.
  if (node.name === "key" && node.form?.dataset.sent) return true;
  return node.type !== "hidden" && node.form !== sent && isTouched(node);
}

function mergeAttributes(old, fresh, sent) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !isTheirs(old, name, sent)) old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value && !isTheirs(old, name, sent)) old.setAttribute(name, value);
  }
}

// What the person at the screen has opened stays open, but for the form they have sent.
function isTheirs(node, name, sent) {
  if (name === "data-sent") return true;
  return name === "open" && node.nodeName === "DETAILS" && node !== sent?.closest("details");
}
