// A question over the page. The rest of the page waits; Escape is the answer no.
import { settle } from "./settle.js";

export function openDialog(dialog) {
  if (dialog.open) return;
  dialog.showModal();
  // The second tap of a double tap must not be the answer.
  settle(dialog);
}

// Answers whether the person goes on: `sentence` says what would be done, `verb` is the button that does it, `note`
// what follows from it.
export function review(sentence, verb, note = "") {
  const dialog = document.getElementById("review");
  const line = dialog.querySelector("#review-note");
  line.textContent = note;
  line.hidden = !note;
  dialog.querySelector("#review-says").textContent = sentence;
  dialog.querySelector("[data-close=yes]").textContent = verb;
  dialog.returnValue = "";
  openDialog(dialog);
  return new Promise((answer) => {
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true });
  });
}

document.addEventListener("click", (event) => {
  const closing = event.target.closest("[data-close]");
  if (closing) closing.closest("dialog").close(closing.dataset.close);
  const button = event.target.closest("[data-dialog]");
  if (!button) return;
  button.closest("details")?.removeAttribute("open");
  openDialog(document.getElementById(button.dataset.dialog));
});
