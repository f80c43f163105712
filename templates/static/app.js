// The desk in the browser: what is new shows by itself, keys do what they say, one tap is one deed.
// Everything works without this file; it only makes it quicker.
"use strict";
(() => {
  const EVERY_MS = 1000;
  const SLOWEST_MS = 30000;
  const ONE_TAP_MS = 1200;
  const NOTICE_MS = 15000;
  const live = () => document.getElementById("live");

  /* What is new ------------------------------------------------------------------------------------- */

  let timer = 0;
  let failures = 0;
  let busy = false;

  async function look() {
    const address = document.body.dataset.live;
    if (!address || document.hidden || busy) return again();
    if (!navigator.onLine) return failed();
    const region = live();
    const seen = region ? region.dataset.seen : "";
    busy = true;
    try {
      const answer = await fetch(`${address}?seen=${encodeURIComponent(seen)}`, {
        headers: { "X-Live": "1" }, cache: "no-store", signal: AbortSignal.timeout(10000),
      });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      connected();
      count(answer.headers.get("X-Attention"));
      // A tap may have changed the page while the question was on its way: then its answer is old.
      // A refused form stays until it is sent again: nothing a person typed is lost.
      const isOld = !region || region.dataset.seen !== seen || region.querySelector("[role=alert]");
      if (answer.status === 200 && !isOld) show(region, html, answer);
    } catch {
      return failed();
    } finally {
      busy = false;
    }
    again();
  }

  function again() {
    clearTimeout(timer);
    timer = setTimeout(look, Math.min(EVERY_MS * 2 ** failures, SLOWEST_MS));
  }

  function failed() {
    failures = Math.min(failures + 1, 6);
    if (failures > 1 || !navigator.onLine) say("Offline");
    again();
  }

  function connected() {
    failures = 0;
    say("");
  }

  function say(text) {
    const place = document.getElementById("connection");
    if (place && place.textContent !== text) place.textContent = text;
  }

  function count(text) {
    const badge = document.getElementById("attention-count");
    if (text === null || !badge || badge.dataset.count === text) return;
    badge.dataset.count = text;
    badge.textContent = text;
    badge.hidden = text === "0";
  }

  function show(region, html, answer) {
    const template = document.createElement("template");
    template.innerHTML = html;
    merge(region, template.content);
    region.dataset.seen = answer.headers.get("X-Seen") || "";
    htmx.process(region);
  }

  // Change only what differs, so that focus, open details and typed text stay where they are.
  function merge(old, fresh) {
    const keyed = new Map([...old.children].filter((node) => node.id).map((node) => [node.id, node]));
    let place = old.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      const known = wanted.id ? keyed.get(wanted.id) : null;
      if (known && known !== place) old.insertBefore(known, place);
      const here = known || place;
      if (here && isSameKind(here, wanted)) {
        if (here === place) place = place.nextSibling;
        mergeNode(here, wanted);
      } else {
        old.insertBefore(wanted, place);
      }
    }
    while (place) {
      const next = place.nextSibling;
      place.remove();
      place = next;
    }
  }

  function isSameKind(one, other) {
    return one.nodeType === other.nodeType && one.nodeName === other.nodeName && (one.id || "") === (other.id || "");
  }

  function mergeNode(old, fresh) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    const isField = isTyping(old) && old.type !== "hidden";
    if (old.hasAttribute("data-keep") || (isField && isTouched(old))) return;
    const value = fresh.value;
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !isTheirs(old, name)) old.removeAttribute(name);
    }
    for (const { name, value } of [...fresh.attributes]) {
      if (old.getAttribute(name) !== value && !isTheirs(old, name)) old.setAttribute(name, value);
    }
    merge(old, fresh);
    // A field that was typed in once does not follow its attribute any more.
    if (isField && old.value !== value) old.value = value;
  }

  // What the person at the screen has set: an open details.
  function isTheirs(node, name) {
    return name === "open" && node.nodeName === "DETAILS";
  }

  // A field that somebody is in or has changed is theirs until its form is sent.
  function isTouched(field) {
    if (field === document.activeElement) return true;
    if (field.nodeName === "SELECT") return [...field.options].some((each) => each.selected !== each.defaultSelected);
    return field.checked !== field.defaultChecked || field.value !== field.defaultValue;
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  addEventListener("online", () => { failures = 0; look(); });
  addEventListener("offline", () => say("Offline"));
  // A page from the browser's back-forward store is as old as it was left.
  addEventListener("pageshow", (event) => { if (event.persisted) look(); });

  /* One tap, one deed -------------------------------------------------------------------------------- */

  let lastTap = { action: "", at: -Infinity };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-once")) return;
    const tap = { action: form.action, at: performance.now() };
    if (tap.action === lastTap.action && tap.at - lastTap.at < ONE_TAP_MS) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    lastTap = tap;
  }, true);

  // A deed draws the page anew; what stands half typed or open elsewhere on it must outlast it.
  let kept = { fields: [], open: [] };

  function keepTheRest(region, sent) {
    const fields = region.querySelectorAll("details input:not([type=hidden], [type=search]), details select, details textarea");
    kept = {
      fields: [...fields].filter((field) => field.id && field.form !== sent && isTouched(field)).map(({ id, value }) => ({ id, value })),
      open: [...region.querySelectorAll("details[open]")].filter((each) => each.id && !each.contains(sent)).map(({ id }) => id),
    };
  }

  function giveBackTheRest() {
    for (const { id, value } of kept.fields) {
      const field = document.getElementById(id);
      if (field) field.value = value;
    }
    for (const id of kept.open) document.getElementById(id)?.setAttribute("open", "");
    kept = { fields: [], open: [] };
  }

  document.addEventListener("htmx:afterSwap", (event) => {
    const answer = event.detail.xhr;
    // The new page may put its button under a finger that is still tapping.
    lastTap.at = performance.now();
    count(answer.getResponseHeader("X-Attention"));
    if (event.target.id === "live") {
      event.target.dataset.seen = answer.getResponseHeader("X-Seen") || "";
      giveBackTheRest();
      const wrong = event.target.querySelector("[data-focus], [role=alert]");
      const from = event.detail.requestConfig.elt.closest("details[id]");
      const stop = (from && document.querySelector(`#${CSS.escape(from.id)} > summary`)) || document.getElementById("main");
      if (wrong) focusOn(wrong);
      else if (document.activeElement === document.body) stop.focus({ preventScroll: true });
    }
    watchNotice();
  });
  document.addEventListener("htmx:sendError", () => { lastTap.at = -Infinity; tell(LOST); });
  document.addEventListener("htmx:timeout", () => { lastTap.at = -Infinity; tell(LOST); });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 401) location.reload();
    if (event.detail.xhr.getResponseHeader("X-Notice")) event.detail.shouldSwap = true;
    if (event.target.id === "live") keepTheRest(event.target, event.detail.requestConfig.elt);
  });
  document.addEventListener("htmx:responseError", (event) => {
    lastTap.at = -Infinity;
    if (!event.detail.xhr.getResponseHeader("X-Notice")) tell(LOST);
  });
  const LOST = "No answer came. Tap again: the same tap is never counted twice.";

  function tell(text) {
    const notice = document.createElement("div");
    const line = document.createElement("p");
    const close = document.createElement("button");
    notice.className = "notice bad";
    notice.dataset.notice = "";
    line.textContent = text;
    Object.assign(close, { type: "button", className: "plain close", textContent: "×" });
    close.dataset.closeNotice = "";
    close.setAttribute("aria-label", "Close this message");
    notice.append(line, close);
    document.getElementById("notices").replaceChildren(notice);
    watchNotice();
  }

  /* Notices leave by themselves, unless somebody is at them ------------------------------------------ */

  let noticeTimer = 0;

  function watchNotice() {
    clearTimeout(noticeTimer);
    const notice = document.querySelector("[data-notice]");
    if (!notice || notice.classList.contains("bad")) return;
    noticeTimer = setTimeout(() => {
      if (notice.matches(":hover, :focus-within")) watchNotice();
      else notice.remove();
    }, NOTICE_MS);
  }

  /* Keys --------------------------------------------------------------------------------------------- */

  const isTyping = (node) => node instanceof HTMLElement && (node.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(node.nodeName));

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return close(event);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") return walk(event);
    if (event.metaKey || event.ctrlKey || event.altKey || event.repeat) return;
    const isEmptySearch = event.target.id === "q" && !event.target.value;
    if (isTyping(event.target) && !(event.key === "/" && isEmptySearch)) return;
    if (event.key === "/") {
      const search = document.getElementById("q");
      if (!search) return;
      event.preventDefault();
      search.focus();
      search.select();
      return;
    }
    const button = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
    if (button && !button.disabled) {
      event.preventDefault();
      button.form.requestSubmit(button);
    }
  });

  function close(event) {
    const open = [...document.querySelectorAll("details[data-closes][open]")];
    open.forEach((each) => { each.open = false; each.querySelector("summary").focus(); });
    const panel = document.getElementById("found");
    if (event.target.id === "q" && event.target.value) {
      event.target.value = "";
      if (panel && !panel.classList.contains("whole")) panel.replaceChildren();
      else htmx.trigger(event.target, "input");
    } else if (!open.length) {
      document.querySelector("[data-notice]")?.remove();
    }
  }

  // The arrow keys walk from the search through its matches.
  function walk(event) {
    const inResults = event.target.closest?.("[data-results]");
    const search = event.target.matches?.("input[type=search]") ? event.target : null;
    if (!search && !inResults) return;
    const list = inResults || document.querySelector(search.getAttribute("hx-target"))?.querySelector("[data-results]");
    if (!list) return;
    const stops = [...list.querySelectorAll("a, button")];
    const next = stops.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    if (next < 0 && inResults) list.closest("article, .bar-search, .page")?.querySelector("input[type=search]")?.focus();
    else stops[Math.min(next, stops.length - 1)]?.focus();
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-notice]")) document.querySelector("[data-notice]")?.remove();
    for (const details of document.querySelectorAll("details[data-closes][open]")) {
      if (!details.contains(event.target)) details.open = false;
    }
    const panel = document.querySelector(".found-panel");
    if (panel && !panel.parentElement.contains(event.target)) panel.replaceChildren();
  });

  // A button that copies what it stands beside; without a clipboard the text is selected for the person's own copy.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    const source = button && document.getElementById(button.dataset.copy);
    if (!source) return;
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
      const said = button.textContent;
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = said; }, 2000);
    } catch {
      if (source.select) source.select();
      else getSelection().selectAllChildren(source);
    }
  });
  document.documentElement.classList.add("scripted");

  // Typing an amount of one's own chooses it.
  document.addEventListener("input", (event) => {
    const choice = document.getElementById(event.target.dataset?.chooses || "");
    if (choice) choice.checked = true;
  });

  // A panel that opens below the edge of the screen comes into sight.
  document.addEventListener("toggle", (event) => {
    if (event.target.open) event.target.querySelector(".floating")?.scrollIntoView({ block: "nearest" });
  }, true);

  /* A paper beside the form it is written in ------------------------------------------------------- */

  const TYPED_MS = 300;
  const sheet = document.querySelector("[data-sheet]");
  let typedTimer = 0;
  let drawing = 0;

  // The paper keeps its own size and is made smaller as a whole, so that its lines break as they will in print.
  function fitSheet() {
    const frame = sheet.firstElementChild;
    const body = frame.contentDocument?.body;
    if (!body || !body.offsetHeight) return;
    const scale = Math.min(sheet.clientWidth / body.offsetWidth, 1);
    frame.style.width = `${body.offsetWidth}px`;
    frame.style.height = `${body.offsetHeight}px`;
    frame.style.transform = `scale(${scale})`;
    sheet.style.height = `${Math.ceil(body.offsetHeight * scale)}px`;
    const page = parseFloat(frame.contentWindow.getComputedStyle(body).minHeight);
    document.querySelector("[data-long]").hidden = body.offsetHeight <= page + 1;
  }

  async function drawSheet(form) {
    const mine = ++drawing;
    let answer;
    let text;
    try {
      answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form), cache: "no-store" });
      text = await answer.text();
    } catch {
      return;
    }
    if (mine !== drawing) return;
    const isPaper = answer.ok && answer.headers.has("X-Said");
    const isSentence = (answer.headers.get("Content-Type") || "").startsWith("text/plain");
    if (isPaper) layPaper(new DOMParser().parseFromString(text, "text/html"));
    // What can't be a paper leaves the last one standing, with the reason over it.
    if (isPaper || isSentence) document.getElementById("preview-said").textContent = isPaper ? decodeURIComponent(answer.headers.get("X-Said")) : text;
    sheet.classList.toggle("stale", !isPaper);
  }

  // Within the frame, so that nothing flickers and the browser's way back does not fill with papers.
  function layPaper(fresh) {
    const paper = sheet.firstElementChild.contentDocument;
    const links = (page) => [...page.querySelectorAll("link[rel=stylesheet]")];
    links(fresh).forEach((link, place) => {
      const old = links(paper)[place];
      if (!old || old.getAttribute("href") === link.getAttribute("href")) return;
      old.addEventListener("load", fitSheet, { once: true });
      old.setAttribute("href", link.getAttribute("href"));
    });
    paper.documentElement.lang = fresh.documentElement.lang;
    paper.body.replaceWith(paper.adoptNode(fresh.body));
    fitSheet();
  }

  if (sheet) {
    const form = document.querySelector("form[data-preview]");
    sheet.firstElementChild.addEventListener("load", fitSheet);
    new ResizeObserver(fitSheet).observe(sheet);
    form.addEventListener("input", () => {
      clearTimeout(typedTimer);
      typedTimer = setTimeout(() => drawSheet(form), TYPED_MS);
    });
    // A form that was refused, or given back by the browser, holds what the stored paper does not.
    addEventListener("load", () => { if (form.querySelector("[aria-invalid]") || isChanged(form)) drawSheet(form); });
    addEventListener("beforeunload", (event) => { if (isChanged(form) && !form.dataset.sent) event.preventDefault(); });
    document.addEventListener("submit", (event) => { if (event.target === form && !event.submitter?.formTarget) form.dataset.sent = "1"; });
  }

  function isChanged(form) {
    return [...form.elements].some((field) => {
      if (field.nodeName === "SELECT") return [...field.options].some((each) => each.selected !== each.defaultSelected);
      return isTyping(field) && field.type !== "hidden" && (field.checked !== field.defaultChecked || field.value !== field.defaultValue);
    });
  }

  /* One tap prints a paper --------------------------------------------------------------------------- */

  // Safari, and every browser on an iPad or a phone, prints the page instead of the frame: there the link opens the paper.
  let printsFrames = navigator.pdfViewerEnabled && !navigator.vendor.startsWith("Apple") && matchMedia("(any-pointer: fine)").matches;
  const LOADED_WITHIN_MS = 20000;

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-print]");
    if (!link || !printsFrames || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (!link.hasAttribute("aria-busy")) printPaper(link);
  });

  async function printPaper(link) {
    showBusy(link, true);
    try {
      const answer = await fetch(link.href, { headers: { "HX-Request": "true" }, cache: "no-store" });
      if (answer.status === 401) return location.reload();
      const isNotice = answer.headers.get("X-Notice");
      const body = await answer.text();
      if (answer.ok) await printFrame(answer.url);
      else if (isNotice) document.getElementById("notices").innerHTML = body;
      else throw new Error(String(answer.status));
    } catch {
      tell("The paper did not come. Tap again; nothing is lost.");
    } finally {
      showBusy(link, false);
    }
  }

  async function printFrame(address) {
    document.querySelector(".print-frame")?.remove();
    const frame = document.createElement("iframe");
    Object.assign(frame, { className: "print-frame", title: "The paper to print", tabIndex: -1, src: address });
    await new Promise((resolve, reject) => {
      frame.addEventListener("load", resolve);
      setTimeout(reject, LOADED_WITHIN_MS);
      document.body.append(frame);
    });
    try {
      frame.contentWindow.print();
    } catch {
      // This browser lets nobody reach into its PDF viewer: from now on the link opens the paper.
      printsFrames = false;
      if (!open(address, "_blank")) tell("Tap once more to open the paper.");
    }
  }

  // The words change, the place they stand in does not. What is new on the page leaves the link alone meanwhile.
  function showBusy(link, isBusy) {
    for (const name of ["aria-busy", "data-keep"]) {
      if (isBusy) link.setAttribute(name, "true");
      else link.removeAttribute(name);
    }
    const status = document.getElementById("paper-status") || document.createElement("p");
    if (!status.isConnected) {
      Object.assign(status, { id: "paper-status", className: "unseen", role: "status" });
      document.body.append(status);
    }
    status.textContent = isBusy ? "Making the paper…" : "";
  }

  /* Choosing many: one box for all of a list ---------------------------------------------------------- */

  document.addEventListener("change", (event) => {
    const everyone = event.target.closest?.(".batch-list")?.querySelector("[data-everyone]");
    if (!everyone) return;
    if (event.target !== everyone) everyone.checked &&= event.target.checked;
    else for (const box of everyone.closest("ul").querySelectorAll("input[name=client]")) box.checked = everyone.checked;
  });

  /* A link to a closed form opens it ----------------------------------------------------------------- */

  function openTarget() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.querySelector("input:not([type=hidden])")?.focus();
    }
  }

  function focusOn(node) {
    if (!isTyping(node)) node.tabIndex = -1;
    node.focus();
  }

  addEventListener("hashchange", openTarget);
  addEventListener("DOMContentLoaded", () => {
    openTarget();
    watchNotice();
    const wrong = document.querySelector("[data-focus]");
    if (wrong) focusOn(wrong);
    if (document.body.dataset.live) again();
  });
})();
