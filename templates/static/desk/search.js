// Lists that follow what is typed. From the first letter on the old matches are no longer there to be tapped, and the
// new ones take no tap while a finger may still be on its way to the old.
import { fingerLifted, isDown } from "./finger.js";
import { settle, standing } from "./settle.js";
import { gettext as _ } from "./words.js";

const SELECTOR = "input[type=search][hx-target]";
const stood = new WeakMap();
let stepsIn = null;
let opensIn = null;

const listOf = (search) => document.querySelector(search.getAttribute("hx-target"));
const firstIn = (list) => list.querySelector("[data-results] a, [data-results] button");
const linkIn = (list) => list.querySelector("[data-results] a.row");
const isCurrent = (search, list) => search.value === (list.dataset.q ?? search.defaultValue);

function showAge(search, list) {
  list.inert = !isCurrent(search, list);
}

document.addEventListener("input", (event) => {
  const search = event.target;
  const list = search.matches?.(SELECTOR) && listOf(search);
  if (list) showAge(search, list);
  opensIn = null;
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { target, serverResponse, requestConfig } = detail;
  const swap = () => htmx.swap(target, serverResponse, { swapStyle: "innerHTML" }, { eventInfo: detail, contextElement: requestConfig.elt });
  const note = () => stood.set(target, standing(target));
  if (!isDown() || !detail.shouldSwap || requestConfig.elt.hasAttribute("hx-swap")) return void note();
  detail.shouldSwap = false;
  fingerLifted().then(note).then(swap);
});

document.addEventListener("htmx:afterSwap", (event) => {
  const list = event.target;
  const search = event.detail.requestConfig.elt;
  settle(list, stood.get(list));
  if (!search.matches(SELECTOR)) return;
  list.dataset.q = event.detail.requestConfig.parameters.q ?? "";
  showAge(search, list);
  if (stepsIn === search && !list.inert) firstIn(list)?.focus();
  if (opensIn === search && !list.inert) open(search, list);
  stepsIn = opensIn = null;
});

for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(failure, (event) => {
    const search = event.detail.requestConfig.elt;
    const list = search.matches(SELECTOR) && listOf(search);
    if (!list) return;
    const said = document.createElement("p");
    Object.assign(said, { className: "list-note", textContent: _("The search had no answer. Type on, or press Enter.") });
    list.replaceChildren(said);
  });
}

// The arrow keys walk from the search through its matches, once these are the matches of what is typed.
export function walk(event) {
  const inResults = event.target.closest?.("[data-results]");
  const search = event.target.matches?.("input[type=search]") ? event.target : null;
  if (!search && !inResults) return;
  event.preventDefault();
  const list = inResults || listOf(search);
  if (search && list?.inert) {
    stepsIn = search;
    return;
  }
  const stops = [...(list?.querySelectorAll("a, button") ?? [])];
  const next = stops.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1);
  if (next < 0 && inResults) list.closest("article, .bar-search, .page")?.querySelector("input[type=search]")?.focus();
  else stops[Math.min(next, stops.length - 1)]?.focus();
}

// Enter opens the first match of what is typed, once it is there. A match that is a button acts, so that it is tapped.
export function takeFirst(event) {
  const search = event.target;
  const list = search.matches?.(SELECTOR) && listOf(search);
  if (!list || !search.value.trim() || !(list.inert || linkIn(list))) return false;
  event.preventDefault();
  if (list.inert) opensIn = search;
  else open(search, list);
  return true;
}

function open(search, list) {
  const link = linkIn(list);
  if (link) link.click();
  else search.form.requestSubmit();
}

export function empty(search) {
  search.value = "";
  htmx.trigger(search, "input");
}
