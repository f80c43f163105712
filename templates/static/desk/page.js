// Small helps on single pages: copying, choosing, opening what a link leads to.

import { gettext as _ } from "./words.js";

// A button that copies what it stands beside; without a clipboard the text is selected for the person's own copy.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  const source = button && document.getElementById(button.dataset.copy);
  if (!source) return;
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
    const said = button.textContent;
    button.textContent = _("Copied");
    setTimeout(() => { button.textContent = said; }, 2000);
  } catch {
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
  }
});

// Typing an amount of one's own chooses it.
document.addEventListener("input", (event) => {
  const choice = document.getElementById(event.target.dataset?.chooses || "");
  if (choice) choice.checked = true;
});

// A panel that opens below the edge of the screen comes into sight.
document.addEventListener("toggle", (event) => {
  const { target } = event;
  if (!target.open) return;
  const panel = target.matches?.(".more-menu") ? target : target.querySelector?.(".floating");
  panel?.scrollIntoView({ block: "nearest" });
}, true);

// Choosing many: one box for all of a list.
document.addEventListener("change", (event) => {
  const everyone = event.target.closest?.(".batch-list")?.querySelector("[data-everyone]");
  if (!everyone) return;
  if (event.target !== everyone) everyone.checked &&= event.target.checked;
  else for (const box of everyone.closest("ul").querySelectorAll("input[name=client]")) box.checked = everyone.checked;
});

// A link to a closed form opens it.
export function openTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.querySelector("input:not([type=hidden])")?.focus();
  }
}

addEventListener("hashchange", openTarget);
// A browser that scrolls to where a link leads, as the page has loaded, takes the focus away again.
addEventListener("load", () => { if (document.activeElement === document.body) openTarget(); });
