// What has just changed takes no tap for a moment: a finger on its way was meant for what stood there before. What
// stands where it stood is tapped as ever, and a tap that is dropped is said.
import { remark } from "./notices.js";
import { gettext as _ } from "./words.js";

const SETTLES_MS = 300;
const TAPPED = "a[href], button, summary, label, input:not([type=hidden]), select, textarea, [role=option]";
const timers = new WeakMap();

// Where everything on the screen stands that can be tapped, to tell later what has changed.
export const standing = (node) => new Map(measured(node).map(({ name, place }) => [name, place]));

// What a finger cannot reach needs no name: of a long page that is most of it. To measure what stands in a closed menu or
// form, a browser would lay it out first.
function measured(node) {
  const hiddenOf = new Map();
  return [...node.querySelectorAll(TAPPED)].filter(isLaidOut).map((each) => ({ each, box: each.getBoundingClientRect() }))
    .filter(({ box }) => box.width && box.bottom > 0 && box.top < innerHeight)
    .map(({ each, box }) => ({ each, name: nameOf(each, hiddenOf), place: placeOf(box) }));
}

// Before iPadOS 17.4 a browser can't be asked; then all is measured.
const isLaidOut = (node) => node.checkVisibility?.() ?? true;

const placeOf = ({ left, top, width, height }) => [left, top, width, height].map(Math.round).join();

// Two that say the same and do the same are the same.
function nameOf(node, hiddenOf) {
  const { form } = node;
  if (form && !hiddenOf.has(form)) hiddenOf.set(form, hiddenIn(form));
  return [node.nodeName, node.textContent.trim(), node.href ?? form?.action, node.name, node.value, hiddenOf.get(form)].join("\n");
}

const hiddenIn = (form) => [...form.querySelectorAll("input[type=hidden]")]
  .filter(({ name }) => !["csrf_token", "key"].includes(name)).map(({ name, value }) => `${name}=${value}`).join("\n");

export function settle(node, before = new Map()) {
  // All is measured before anything is marked, or each mark would have the page laid out again.
  const stands = new Set(measured(node).filter(({ name, place }) => before.get(name) === place).map(({ each }) => each));
  for (const each of node.querySelectorAll(TAPPED)) each.classList.toggle("stands", stands.has(each));
  node.classList.add("settling");
  clearTimeout(timers.get(node));
  timers.set(node, setTimeout(() => node.classList.remove("settling"), SETTLES_MS));
}

// Of a dialog that has just opened it needs no word: it is what the tap before was answered with.
document.addEventListener("click", ({ clientX: x, clientY: y }) => {
  const isUnder = (node) => {
    const { left, right, top, bottom } = node.getBoundingClientRect();
    return x >= left && x < right && y >= top && y < bottom;
  };
  const settling = document.querySelectorAll(`.settling:not(dialog) :is(${TAPPED}):not(.stands)`);
  if ([...settling].some(isUnder)) remark(_("That tap was not counted: the page had just changed."));
}, true);
