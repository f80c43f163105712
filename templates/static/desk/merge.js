// Makes a piece of the page like its fresh version and changes only what differs, so that focus, open details and
// typed text stay. `sent` is the form that the fresh version answers: what stood in it is answered too.
import { isField, isTouched } from "./fields.js";

// Returns whether anything was added, moved or removed: then what stood under a finger may be something else.
export function merge(old, fresh, sent = null) {
  const before = shape(old);
  Idiomorph.morph(old, fresh, {
    morphStyle: "innerHTML",
    callbacks: {
      beforeNodeMorphed: (node) => !isLeftAlone(node, sent),
      beforeAttributeUpdated: (name, node) => !isTheirs(node, name, sent),
    },
  });
  return shape(old) !== before;
}

const shape = (piece) => [...piece.querySelectorAll("*")].map((node) => `${node.nodeName}#${node.id}`).join();

function isLeftAlone(node, sent) {
  if (node.nodeType !== Node.ELEMENT_NODE) return false;
  if (node.hasAttribute("data-keep") || node.dataset.sent === "waiting") return true;
  if (!isField(node)) return false;
  // The server may have done it under this key: it must come again with the next tap.
  if (node.name === "key" && node.form?.dataset.sent) return true;
  return node.type !== "hidden" && node.form !== sent && isTouched(node);
}

// What the person at the screen has opened stays open, but for the form they have sent.
function isTheirs(node, name, sent) {
  if (name === "data-sent") return true;
  return name === "open" && node.nodeName === "DETAILS" && node !== sent?.closest("details");
}
