// Find anything: a field whose matches follow what is typed, in a dialog on every page and open on Today.
// Enter takes the first match of what stands in the field, never one of an older list.
import { PATIENCE_MS, isAway } from "./connection.js";
import { openDialog } from "./dialog.js";
import { fingerLifted } from "./finger.js";
import { keptMatches } from "./kept_matches.js";
import { settle, standing } from "./settle.js";
import { signInEnded } from "./sign_in.js";
import { gettext as _ } from "./words.js";

const PAUSE_MS = 120;
const asking = new WeakMap();

const fieldOf = (finder) => finder.querySelector("[role=combobox]");
const matchesOf = (finder) => finder.querySelector("[data-matches]");
const optionsOf = (finder) => [...finder.querySelectorAll("[role=option]")];
const chosenIn = (finder) => finder.querySelector("[role=option][aria-selected=true]");
const typedIn = (finder) => fieldOf(finder).value.trim();
const isCurrent = (finder) => matchesOf(finder).dataset.q === typedIn(finder);
const isInPalette = (finder) => Boolean(finder.closest("dialog"));
const finderOf = (node) => (node.matches?.("[role=combobox]") ? node.closest("[data-finder]") : null);

export function openPalette(text = "") {
  const palette = document.getElementById("palette");
  const finder = palette.querySelector("[data-finder]");
  if (!palette.open) openDialog(palette);
  fieldOf(finder).value = text;
  fieldOf(finder).focus();
  follow(finder, 0);
}

// What was typed has changed: the old matches can no longer be taken.
function follow(finder, pauseMs = PAUSE_MS, takesFirst = false) {
  const before = asking.get(finder);
  clearTimeout(before?.timer);
  before?.abort.abort();
  const now = { takesFirst, abort: new AbortController() };
  asking.set(finder, now);
  matchesOf(finder).inert = true;
  choose(finder, null);
  if (!typedIn(finder) && !isInPalette(finder)) return show(finder, "", "");
  now.timer = setTimeout(() => ask(finder, now, typedIn(finder)), pauseMs);
}

async function ask(finder, now, q) {
  const late = setTimeout(() => now.abort.abort(), PATIENCE_MS);
  try {
    if (isAway()) throw new Error("away");
    const asked = new URLSearchParams({ q, at: location.pathname });
    const answer = await fetch(`${finder.dataset.finder}?${asked}`, { headers: { "HX-Request": "true" }, cache: "no-store", signal: now.abort.signal });
    if (answer.status === 401) return await signInEnded();
    if (!answer.ok) throw new Error(String(answer.status));
    const html = await answer.text();
    await fingerLifted();
    if (asking.get(finder) !== now) return;
    show(finder, q, html);
    if (now.takesFirst) take(finder);
  } catch {
    await withoutAnswer(finder, now, q);
  } finally {
    clearTimeout(late);
  }
}

function show(finder, q, html) {
  const matches = matchesOf(finder);
  const before = standing(matches);
  matches.innerHTML = html;
  matches.dataset.q = q;
  matches.inert = false;
  settle(matches, before);
  htmx.process(matches);
  const options = optionsOf(finder);
  options.forEach((option, place) => { option.id = `${matches.id}-${place}`; });
  const list = matches.querySelector("[role=listbox]");
  if (list) list.id = `${matches.id}-list`;
  const field = fieldOf(finder);
  field.setAttribute("aria-expanded", String(Boolean(list)));
  if (list) field.setAttribute("aria-controls", list.id);
  else field.removeAttribute("aria-controls");
  choose(finder, q ? options[0] : null);
}

async function withoutAnswer(finder, now, q) {
  const html = q ? await keptMatches(q) : "";
  await fingerLifted();
  if (asking.get(finder) !== now) return;
  if (!html) return sayNoAnswer(finder);
  show(finder, q, html);
  if (now.takesFirst) take(finder);
}

function sayNoAnswer(finder) {
  const said = document.createElement("p");
  Object.assign(said, { className: "list-note", textContent: _("The search had no answer. Press Enter to try again.") });
  said.setAttribute("role", "status");
  const matches = matchesOf(finder);
  delete matches.dataset.q;
  matches.inert = false;
  matches.replaceChildren(said);
}

function choose(finder, option) {
  chosenIn(finder)?.setAttribute("aria-selected", "false");
  const field = fieldOf(finder);
  if (!option) return field.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", option.id);
}

function step(finder, by) {
  const options = optionsOf(finder);
  if (!isCurrent(finder) || !options.length) return;
  const place = options.indexOf(chosenIn(finder)) + by;
  choose(finder, options[Math.max(0, Math.min(place, options.length - 1))]);
}

function take(finder) {
  const option = chosenIn(finder);
  if (option) option.click();
  else if (typedIn(finder)) finder.submit();
}

document.addEventListener("input", (event) => {
  const finder = finderOf(event.target);
  if (finder) follow(finder);
});

// Returns whether the key was meant for the matches.
export function keyInFinder(event) {
  const finder = finderOf(event.target);
  if (!finder || event.isComposing) return Boolean(finder);
  if (event.key === "ArrowDown") step(finder, 1);
  else if (event.key === "ArrowUp") step(finder, -1);
  else if (event.key !== "Enter") return false;
  event.preventDefault();
  if (event.key !== "Enter" || event.repeat) return true;
  if (isCurrent(finder)) take(finder);
  else if (typedIn(finder)) follow(finder, 0, true);
  return true;
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-palette]");
  if (opener && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    openPalette();
  }
  event.target.closest("#palette [role=option]")?.closest("dialog").close();
});

// Nothing of a client stays in it.
document.addEventListener("close", (event) => {
  if (event.target.id !== "palette") return;
  const finder = event.target.querySelector("[data-finder]");
  fieldOf(finder).value = "";
  asking.get(finder)?.abort.abort();
  asking.delete(finder);
  show(finder, "", "");
}, true);
