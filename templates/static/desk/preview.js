// A paper beside the form it is written in: the paper follows what is typed.
import { hasUnsent } from "./fields.js";

const TYPED_MS = 300;
let sheet = null;
let typedTimer = 0;
let drawing = 0;

// The paper keeps its own size and is made smaller as a whole, so that its lines break as they will in print.
function fitSheet() {
  const frame = sheet.firstElementChild;
  const body = frame.contentDocument?.body;
  // Until the paper is there, the frame holds an empty page, which has no height of a sheet.
  const page = body ? parseFloat(frame.contentWindow.getComputedStyle(body).minHeight) : 0;
  if (!page || !body.offsetHeight) return;
  const scale = Math.min(sheet.clientWidth / body.offsetWidth, 1);
  frame.style.width = `${body.offsetWidth}px`;
  frame.style.height = `${body.offsetHeight}px`;
  frame.style.transform = `scale(${scale})`;
  sheet.style.height = `${Math.ceil(body.offsetHeight * scale)}px`;
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
  // What can’t be a paper leaves the last one standing, with the reason over it.
  if (isPaper || isSentence) {
    document.getElementById("preview-said").textContent = isPaper ? decodeURIComponent(answer.headers.get("X-Said")) : text;
  }
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

const formOfSheet = () => document.querySelector("form[data-preview]");

export function startPreview() {
  sheet = document.querySelector("[data-sheet]");
  if (!sheet) return;
  const form = formOfSheet();
  sheet.firstElementChild.addEventListener("load", fitSheet);
  new ResizeObserver(fitSheet).observe(sheet);
  // A sample beside no form never changes.
  if (!form) return;
  form.addEventListener("input", () => {
    clearTimeout(typedTimer);
    typedTimer = setTimeout(() => drawSheet(form), TYPED_MS);
  });
  // A form that was refused, or given back by the browser, holds what the stored paper does not.
  const drawIfOther = () => { if (form.querySelector("[aria-invalid]") || hasUnsent(form)) drawSheet(form); };
  if (document.readyState === "complete") drawIfOther();
  else addEventListener("load", drawIfOther, { once: true });
}

addEventListener("beforeunload", (event) => {
  const form = formOfSheet();
  if (form && hasUnsent(form) && !form.dataset.sent) event.preventDefault();
});
