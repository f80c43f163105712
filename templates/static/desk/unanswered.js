// Forms that were sent and not answered yet, each with its idempotency key. The server may have done what they ask
// for: until the answer is known, the same form goes out with the same key, also after the page was loaded again.
const STORE = "unanswered";
// After that long, somebody who taps means a new act.
const FORGOTTEN_MS = 10 * 60 * 1000;

const kept = new Map(read());

function read() {
  try {
    const rows = JSON.parse(sessionStorage.getItem(STORE)) || [];
    return rows.filter(([, { at }]) => Date.now() - at < FORGOTTEN_MS);
  } catch {
    return [];
  }
}

function write() {
  try {
    sessionStorage.setItem(STORE, JSON.stringify([...kept]));
  } catch {
    // Without a store the keys live as long as the page.
  }
}

// Two forms are the same where they go to the same place with the same hidden fields and by the same button.
export function markOf(form, button) {
  const hidden = [...form.querySelectorAll("input[type=hidden]")]
    .filter(({ name }) => !["csrf_token", "key"].includes(name))
    .map(({ name, value }) => `${name}=${value}`);
  return [new URL(form.action).pathname, ...hidden, button?.name ? `${button.name}=${button.value}` : ""].join("&");
}

export const keyFor = (mark) => kept.get(mark)?.key;

export function remember(mark, key, what) {
  kept.set(mark, { key, what, at: Date.now() });
  write();
}

export function forget(mark, key = keyFor(mark)) {
  if (keyFor(mark) !== key) return;
  kept.delete(mark);
  write();
}

export const unanswered = () => [...kept];
