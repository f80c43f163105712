// A tap is heard by what it began on, and only while that stands: nothing is replaced under a finger that is down.
const ENDS_MS = 100;
// A finger that rests so long taps nothing; of one that chose from a list of the system's the end may never be told.
const RESTS_MS = 5000;

let lifted = null;
let lift = () => {};
let timer = 0;

addEventListener("pointerdown", ({ button }) => {
  if (button) return;
  lifted ??= new Promise((done) => { lift = done; });
  endIn(RESTS_MS);
}, { capture: true, passive: true });
// A finger that moves is still down, and a pointer that moves with nothing pressed tells of an end that was not told.
addEventListener("pointermove", ({ buttons }) => {
  if (!lifted) return;
  if (buttons) endIn(RESTS_MS);
  else end();
}, { capture: true, passive: true });
// The click comes after the finger has left, of some browsers a moment later.
addEventListener("pointerup", () => endIn(ENDS_MS), { capture: true, passive: true });
addEventListener("click", () => endIn(0), { capture: true, passive: true });
for (const kind of ["pointercancel", "blur"]) addEventListener(kind, end, { capture: true, passive: true });

function endIn(afterMs) {
  clearTimeout(timer);
  timer = setTimeout(end, afterMs);
}

function end(event) {
  if (event?.type === "blur" && event.target !== window) return;
  clearTimeout(timer);
  lifted = null;
  lift();
}

export const isDown = () => lifted !== null;
export const fingerLifted = () => lifted;
