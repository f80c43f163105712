// One tap prints a paper.
import { notify, showNotices } from "./notices.js";
import { signInEnded } from "./sign_in.js";
import { gettext as _ } from "./words.js";

const LOADED_WITHIN_MS = 20000;
// Safari, and every browser on an iPad or a phone, prints the page instead of the frame: there the link opens the paper.
let printsFrames = navigator.pdfViewerEnabled && !navigator.vendor.startsWith("Apple") && matchMedia("(any-pointer: fine)").matches;

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
    if (answer.status === 401) return await signInEnded();
    const body = await answer.text();
    if (answer.ok) await printFrame(answer.url);
    else if (answer.headers.has("X-Notice")) showNotices(new DOMParser().parseFromString(body, "text/html").body.childNodes);
    else throw new Error(String(answer.status));
  } catch {
    notify(_("The paper did not come. Tap again; nothing is lost."), { isBad: true });
  } finally {
    showBusy(link, false);
  }
}

async function printFrame(address) {
  document.querySelector(".print-frame")?.remove();
  const frame = document.createElement("iframe");
  Object.assign(frame, { className: "print-frame", title: _("The paper to print"), tabIndex: -1, src: address });
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
    if (!open(address, "_blank")) notify(_("Tap once more to open the paper."), { isBad: true });
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
  status.textContent = isBusy ? _("Making the paper…") : "";
}

// The page itself.
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print-page]")) window.print();
});
