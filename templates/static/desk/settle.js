// What has just changed takes no tap for a moment: a finger on its way was meant for what stood there before. What
// stands where it stood is tapped as ever, and a tap that is dropped is said.
import { remark } from "./notices.js";
import { gettext as _ } from "./words.js";

const SETTLES_MS = 300;
const TAPPED = "a[href], button, summary, label, input:not([type=hidden]), select, textarea, [role=option]";
const timers = new WeakMap();

// Where everything stands that can be tapped, to tell later what has changed.
export const standing = (node) => new Map([...node.querySelectorAll(TAPPED)].map((each) => [nameOf(each), placeOf(each)]));

const placeOf = (node) => {
  const { left, top, width, height } = node.getBoundingClientRect();
  return [left, top, width, height].map(Math.round).join();
};

// Two that say the same and do the same are the same.
function nameOf(node) {
  const hidden = [...node.form?.querySelectorAll("input[type=hidden]") ?? []]
    .filter(({ name }) => !["csrf_token", "key"].includes(name)).map(({ name, value }) => `${name}=${value}`);
  return [node.nodeName, node.textContent.trim(), node.href ?? node.form?.action, node.name, node.value, ...hidden].join("\n");
}

export function settle(node, before = new Map()) {
  for (const each of node.querySelectorAll(TAPPED)) each.classList.toggle("stands", before.get(nameOf(each)) === placeOf(each));
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
