// The page without a connection: what can be read now, and back to the page that was wanted once the server answers.
import { PATIENCE_MS, timeText } from "./connection.js";
import { keptPages } from "./kept.js";
import { whoUnlocks } from "./lock.js";

const EVERY_MS = 5000;

export async function startOfflinePage() {
  if (!("offlinePage" in document.body.dataset)) return;
  document.querySelector("[data-reload]").addEventListener("click", () => location.reload());
  setInterval(tryAgain, EVERY_MS);
  const pages = await keptPages();
  const names = pages.length ? null : whoUnlocks();
  if (names) showLocked(names);
  document.querySelector("[data-nothing]").hidden = pages.length > 0 || names !== null;
  document.querySelector("[data-kept]").hidden = !pages.length;
  // Today first.
  const { start } = document.body.dataset;
  pages.sort((one, other) => Number(other.path === start) - Number(one.path === start));
  document.querySelector("[data-kept] ul").replaceChildren(...pages.map(row));
}

function showLocked(names) {
  document.querySelector("[data-is-locked]").hidden = false;
  const list = document.querySelector("[data-unlocks]");
  list.hidden = !names.length;
  list.querySelector("ul").replaceChildren(...names.map((name) => Object.assign(document.createElement("li"), { className: "row", textContent: name })));
}

function row({ path, name, at }) {
  const link = Object.assign(document.createElement("a"), { className: "row", href: path });
  link.append(
    Object.assign(document.createElement("span"), { className: "row-main", textContent: name }),
    Object.assign(document.createElement("span"), { className: "row-end muted", textContent: timeText(at) }),
  );
  const item = document.createElement("li");
  item.append(link);
  return item;
}

async function tryAgain() {
  if (document.hidden) return;
  const answer = await fetch(document.body.dataset.alive, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => null);
  if (answer?.ok) location.reload();
}
