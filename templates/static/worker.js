// The service worker: keeps the files of the screens, and for when the server is away the pages that a response lets it
// keep (docs/offline.md). The server puts CONFIG before this; a change of anything in it makes a new version.
const FILES = `files:${CONFIG.version}`;
const PAGES = "pages:";
// Notes of the pages: when a person last touched the device, and whether they signed out while the server was away.
const NOTES = "notes";
const GATEWAY_ERRORS = [502, 503, 504];
const FILE_KINDS = ["style", "script", "image"];

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(event));
  else if (request.headers.has("X-Keep")) event.respondWith(ask(event));
  else if (FILE_KINDS.includes(request.destination)) event.respondWith(file(event));
});

async function install() {
  const answer = await fetch(CONFIG.offline, { cache: "no-store" });
  if (!answer.ok || answer.redirected) throw new Error(`the offline page: ${answer.status}`);
  const html = await answer.clone().text();
  const addresses = [...html.matchAll(/(?:href|src)="([^"]*(?:\?v=|\/scripts\/)[^"]*)"/g)].map(([, address]) => address);
  const cache = await caches.open(FILES);
  await cache.addAll(addresses.map((each) => each.replaceAll("&amp;", "&")));
  await cache.put(CONFIG.offline, answer);
  await skipWaiting();
}

// What an older version kept goes: its pages name files that are gone.
async function activate() {
  const old = (await caches.keys()).filter((name) => name !== FILES && name !== NOTES);
  await Promise.all(old.map((name) => caches.delete(name)));
  await clients.claim();
}

async function file({ request }) {
  const kept = await caches.match(request, { cacheName: FILES, ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok && answer.headers.get("Cache-Control")?.includes("immutable")) {
    await (await caches.open(FILES)).put(request, answer.clone());
  }
  return answer;
}

async function page(event) {
  await signOutIfAsked();
  const { request } = event;
  const kept = await keptPage(request);
  const asked = ask(event);
  // An answer that comes after the kept page was shown is kept as well.
  event.waitUntil(asked.catch(() => {}));
  try {
    return await inTime(asked, kept);
  } catch {
    return kept ?? caches.match(CONFIG.offline, { cacheName: FILES, ignoreVary: true });
  }
}

// A page that is not kept may take its time, as long as the server answers other questions.
async function inTime(answer, kept) {
  const late = Symbol("late");
  const first = await Promise.race([answer, sleep(CONFIG.patience).then(() => late)]);
  if (first !== late) return first;
  if (kept) throw new Error("no answer in time");
  await fetch(CONFIG.alive, { cache: "no-store", signal: AbortSignal.timeout(CONFIG.patience) });
  return answer;
}

const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

async function ask(event) {
  const askedAt = Date.now();
  return keep(event, await fetch(event.request), askedAt);
}

async function keep(event, answer, askedAt) {
  // A gateway says that the server behind it is away, or our server that its database is; other refusals carry their id.
  const isRefusal = answer.headers.has("X-Request-ID") && !answer.headers.has("Retry-After");
  if (GATEWAY_ERRORS.includes(answer.status) && !isRefusal) throw new Error(String(answer.status));
  const whose = answer.headers.get("X-Kept-For");
  if (whose && answer.ok && !answer.redirected) {
    event.waitUntil(putInTurn(event.request, answer.clone(), PAGES + whose, askedAt));
  }
  return answer;
}

// One page after the other: what is old is deleted between listing and reading it otherwise.
let lastPut = Promise.resolve();
function putInTurn(...page) {
  lastPut = lastPut.catch(() => {}).then(() => put(...page));
  return lastPut;
}

// One person at a time: what was kept for another sign-in goes, and a late answer to an earlier one is not kept.
let newest = { name: "", askedAt: 0 };
async function put(request, answer, name, askedAt) {
  if (name !== newest.name && askedAt < newest.askedAt) return;
  newest = { name, askedAt };
  const others = (await caches.keys()).filter((each) => each.startsWith(PAGES) && each !== name);
  await Promise.all(others.map((each) => caches.delete(each)));
  const cache = await caches.open(name);
  const { pathname } = new URL(request.url);
  const before = await cache.match(pathname, { ignoreVary: true });
  const headers = new Headers(answer.headers);
  headers.set("X-Kept-At", Date.now());
  headers.set("X-Seen-At", request.mode === "navigate" ? Date.now() : before?.headers.get("X-Seen-At") ?? 0);
  await forget(cache, pathname);
  await cache.put(pathname, new Response(await answer.text(), { headers }));
  await forgetOldest(cache);
}

// The last clients seen stay, and those of today, which the page of today asks for.
async function forgetOldest(cache) {
  const kept = [];
  for (const key of await cache.keys()) {
    // The script of a page may have deleted it meanwhile.
    const { headers } = await cache.match(key, { ignoreVary: true }) ?? new Response();
    const { pathname } = new URL(key.url);
    if (!headers.has("X-Seen-At") || pathname === CONFIG.start) continue;
    kept.push({ pathname, seenAt: Number(headers.get("X-Seen-At")), at: Number(headers.get("X-Kept-At")) });
  }
  const seen = kept.filter((each) => each.seenAt).sort((one, other) => other.seenAt - one.seenAt);
  const old = kept.filter((each) => !each.seenAt && Date.now() - each.at > CONFIG.lasts);
  await Promise.all([...seen.slice(CONFIG.clients), ...old].map(({ pathname }) => forget(cache, pathname)));
}

// A page, what was new on it since, and when that was so.
const forget = (cache, path) => Promise.all(["", "?live", "?at"].map((part) => cache.delete(path + part)));

// A page that was kept, unless its sign-in has ended by now or the device has locked itself.
async function keptPage(request) {
  const name = (await caches.keys()).find((each) => each.startsWith(PAGES));
  const kept = name && await caches.match(new URL(request.url).pathname, { cacheName: name, ignoreVary: true });
  if (!kept?.headers.has("X-Kept-At")) return null;
  const keptAt = Number(kept.headers.get("X-Kept-At"));
  const minutes = Number(kept.headers.get("X-Kept-Minutes"));
  const isOver = minutes
    ? Date.now() - Math.max(Number(await noted("touched")), keptAt) > minutes * 60000
    : Date.now() - keptAt > CONFIG.lasts;
  if (isOver) {
    await caches.delete(name);
    return null;
  }
  const html = (await kept.text()).replace("<html", `<html data-kept-at="${keptAt}"`);
  return new Response(html, { headers: kept.headers });
}

async function noted(what) {
  const note = await caches.match(`/${what}`, { cacheName: NOTES });
  return note ? note.text() : "";
}

// Signed out or locked while the server was away: before anything else it learns of it, by the form token of that sign-in.
async function signOutIfAsked() {
  const token = await noted("sign-out");
  if (!token) return;
  const options = { method: "POST", body: new URLSearchParams({ csrf_token: token }), redirect: "manual" };
  try {
    await fetch(CONFIG.signOut, { ...options, signal: AbortSignal.timeout(CONFIG.patience) });
    await (await caches.open(NOTES)).delete("/sign-out");
  } catch {
    // It is asked again with the next page.
  }
}
