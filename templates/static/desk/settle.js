// What has just changed takes no tap for a moment: a finger on its way was meant for what stood there before.
const SETTLES_MS = 300;
const timers = new WeakMap();

export function settle(node) {
  node.classList.add("settling");
  clearTimeout(timers.get(node));
  timers.set(node, setTimeout(() => node.classList.remove("settling"), SETTLES_MS));
}
