// What takes longer than a moment says so: a link, a plain form or a search shows "Working…" after 400 ms.
// Forms that are sent by the page say it on their button (send.js).
const WORKING_MS = 400;
// What turned out to be a download leaves the page where it is.
const LEAVING_MS = 15000;

const said = document.getElementById("working");
const timers = new Map();

export function begin(what, node) {
  end(what);
  timers.set(what, [setTimeout(() => {
    node?.setAttribute("aria-busy", "true");
    said.textContent = said.dataset.says;
  }, WORKING_MS), node]);
}

export function end(what) {
  const [timer, node] = timers.get(what) ?? [];
  clearTimeout(timer);
  node?.removeAttribute("aria-busy");
  timers.delete(what);
  if (!timers.size) said.textContent = "";
}

function leave(node) {
  begin("page", node);
  setTimeout(end, LEAVING_MS, "page");
}

function leads(link, event) {
  return !event.defaultPrevented && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
    && link.origin === location.origin && !link.target && !link.download && !link.dataset.print
    && link.pathname + link.search !== location.pathname + location.search;
}

if (said) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (link && leads(link, event)) leave(link);
  });
  // Asked once all have heard of it: what a page sends by itself, such as a passkey, does not leave it.
  document.addEventListener("submit", (event) => setTimeout(() => {
    if (!event.defaultPrevented && !event.target.target) leave(event.submitter);
  }));
  document.addEventListener("htmx:beforeRequest", ({ detail }) => begin(detail.target, detail.target));
  document.addEventListener("htmx:afterRequest", ({ detail }) => end(detail.target));
  // Back to a page that was kept as it was left.
  addEventListener("pageshow", () => end("page"));
}
