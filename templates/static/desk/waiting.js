// What was tapped while the server was away, in its order, until it is sent (docs/offline.md). What it tells of a client
// is sealed: the key is in the pages of who is signed in, and nowhere else on this device.
const NAME = "coursekeeper-waiting";
const STORE = "acts";
const cipher = (iv) => ({ name: "AES-GCM", iv });

let key = null;

const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));

function sealingKey() {
  const { seal } = document.body.dataset;
  key ??= crypto.subtle.importKey("raw", bytes(seal), "AES-GCM", false, ["encrypt", "decrypt"]);
  return key;
}

async function seal(content) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const text = new TextEncoder().encode(JSON.stringify(content));
  return { iv, box: await crypto.subtle.encrypt(cipher(iv), await sealingKey(), text) };
}

// An act whose key is gone is still listed: that it waits is known, what it was is not.
async function unseal({ iv, box, ...open }) {
  try {
    const text = await crypto.subtle.decrypt(cipher(iv), await sealingKey(), box);
    return { ...open, ...JSON.parse(new TextDecoder().decode(text)) };
  } catch {
    return { ...open, isUnreadable: true };
  }
}

function connect() {
  return new Promise((done, fail) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "number", autoIncrement: true });
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}

async function run(mode, work) {
  const base = await connect();
  try {
    return await new Promise((done, fail) => {
      // Strict: an act counts as kept once it is on the disk.
      const transaction = base.transaction(STORE, mode, { durability: "strict" });
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => done(request.result);
      transaction.onabort = () => fail(transaction.error);
    });
  } finally {
    base.close();
  }
}

export const countWaiting = () => run("readonly", (store) => store.count());

export async function allWaiting() {
  const rows = await run("readonly", (store) => store.getAll());
  return Promise.all(rows.map(unseal));
}

// `open` can be read by who is not signed in: the idempotency key, who tapped (an id), when, and what is wrong with it.
export async function addWaiting(open, content) {
  const row = { ...open, ...await seal(content) };
  return run("readwrite", (store) => store.add(row));
}

// In one transaction, so that what is removed meanwhile stays removed. Answers the row as it was, undefined if it is gone.
export const changeWaiting = (number, change) => run("readwrite", (store) => {
  const request = store.get(number);
  request.onsuccess = () => { if (request.result) store.put({ ...request.result, ...change }); };
  return request;
});

export const removeWaiting = (number) => run("readwrite", (store) => store.delete(number));
