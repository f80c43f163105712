// What this device keeps of pages for when the server is away (docs/offline.md). The service worker keeps them; this
// keeps what is new on them since, and deletes all of it when nobody is signed in any more.
const PAGES = "pages:";
const NOTES = "notes";
// The clients of today are asked for one after the other, and not again for a while.
const PAUSE_MS = 400;
const FRESH_MS = 30 * 60000;
const MOST_LISTED = 60;
const NOTED_EVERY_MS = 15000;

// The pages that name the clients of today, and which of their links are kept: a client, and the note of a visit.
const LISTS = ["", "my-day"];
const NAMED = /^clients\/[^/]+(\/notes\/[^/]+|\/visits\/[^/]+\/note)?$/;

const { worker, start } = document.body.dataset;
let { keptFor } = document.body.dataset;
export const isSupported = isSecureContext && "serviceWorker" in navigator && "caches" in window;
export const keptAt = Number(document.documentElement.dataset.keptAt ?? 0);

let notedAt = 0;
let listing = Promise.resolve();

export async function startKeeping() {
  if (!isSupported) return;
  if (!keptFor) {
    if (!("offlinePage" in document.body.dataset)) await forgetPages();
    return;
  }
  navigator.serviceWorker.addEventListener("controllerchange", keepAll);
  await forgetPages(PAGES + keptFor);
  if (keptAt) return;
  await navigator.serviceWorker.register(worker, { scope: start, updateViaCache: "none" }).catch(() => null);
  if (navigator.serviceWorker.controller) keepAll();
}

// The page itself is not kept if it was open before its worker was there.
async function keepAll() {
  const path = location.pathname.slice(start.length);
  if (!LISTS.includes(path) && !NAMED.test(path)) return;
  const cache = await caches.open(PAGES + keptFor);
  if (!await cache.match(location.pathname, { ignoreVary: true })) await ask(location.pathname);
  await keepListed();
}

const ask = (path) => fetch(path, { headers: { "X-Keep": "1" }, cache: "no-store", priority: "low" }).catch(() => null);

// The clients of today can be read later, whether somebody opened them or not. A change of the page meanwhile looks
// through them again afterwards, or both would ask for the same pages.
export function keepListed() {
  listing = listing.then(keepEach, keepEach);
  return listing;
}

async function keepEach() {
  if (!LISTS.includes(location.pathname.slice(start.length)) || !navigator.serviceWorker?.controller) return;
  const links = [...document.querySelectorAll("#live a[href]")].map((link) => link.pathname).filter((path) => NAMED.test(path.slice(start.length)));
  const cache = await caches.open(PAGES + keptFor);
  for (const path of [...new Set(links)].slice(0, MOST_LISTED)) {
    const kept = await cache.match(path, { ignoreVary: true });
    if (Date.now() - Number(kept?.headers.get("X-Kept-At") ?? 0) < FRESH_MS) continue;
    if (!(await ask(path))?.ok) return;
    await new Promise((done) => { setTimeout(done, PAUSE_MS); });
  }
}

// What is new on this page since it was kept.
export async function keepLive(html, seen) {
  if (!isSupported || !keptFor) return;
  const cache = await caches.open(PAGES + keptFor);
  if (!await cache.match(location.pathname, { ignoreVary: true })) return;
  await cache.put(`${location.pathname}?live`, new Response(html, { headers: { "X-Seen": seen } }));
  notedAt = 0;
  await noteTime();
}

// The server has just said that this page is as it is now. Of a page that is not kept nothing is noted.
export async function noteTime() {
  if (!isSupported || !keptFor || Date.now() - notedAt < NOTED_EVERY_MS) return;
  notedAt = Date.now();
  const cache = await caches.open(PAGES + keptFor);
  if (!await cache.match(location.pathname, { ignoreVary: true })) return;
  await cache.put(`${location.pathname}?at`, new Response(String(notedAt)));
}

export async function keptLive() {
  const cache = await caches.open(PAGES + keptFor);
  const live = await cache.match(`${location.pathname}?live`);
  const at = await cache.match(`${location.pathname}?at`);
  return { live, at: Math.max(keptAt, at ? Number(await at.text()) : 0) };
}

// The pages that can be read now: [{ path, name, at }], clients by name.
export async function keptPages() {
  const found = [];
  const name = (await caches.keys()).find((each) => each.startsWith(PAGES));
  const cache = name && await caches.open(name);
  for (const key of cache ? await cache.keys() : []) {
    const { pathname, search } = new URL(key.url);
    if (search) continue;
    const kept = await cache.match(key, { ignoreVary: true });
    const page = new DOMParser().parseFromString(await kept.text(), "text/html");
    const at = await cache.match(`${pathname}?at`);
    // The clinic’s name stands behind the last dot.
    found.push({ path: pathname, name: page.title.split(" · ").slice(0, -1).join(" · "), at: Math.max(Number(kept.headers.get("X-Kept-At")), at ? Number(await at.text()) : 0) });
  }
  return found.sort((one, other) => one.name.localeCompare(other.name));
}

// Another person signed in over the page.
export async function keepFor(mark) {
  keptFor = mark;
  if (mark) await forgetPages(PAGES + mark);
}

export async function forgetPages(but = "") {
  if (!isSupported) return;
  const names = (await caches.keys()).filter((name) => name.startsWith(PAGES) && name !== but);
  await Promise.all(names.map((name) => caches.delete(name)));
}

export const noteTouch = () => note("touched", Date.now());

// Signed out or locked without an answer: the worker tells the server before it shows another page.
export async function signOutLater(token) {
  await forgetPages();
  await note("sign-out", token);
}

async function note(what, content) {
  if (isSupported) await (await caches.open(NOTES)).put(`/${what}`, new Response(String(content)));
}
