// Draws a signature in a box and sends it as points: whole numbers in 600 by 200, at least 3 apart.
const WIDTH = 600;
const HEIGHT = 200;
const APART = 3;
const MOST = 1400;

const form = document.querySelector("[data-sign]");
const place = form.querySelector("[data-draw]");
const canvas = place.querySelector("canvas");
const pen = canvas.getContext("2d");
const strokes = [];
let stroke = null;
let points = 0;

place.hidden = false;
pen.lineWidth = 4;
pen.lineCap = pen.lineJoin = "round";
pen.strokeStyle = getComputedStyle(canvas).color;

function at(event) {
  const box = canvas.getBoundingClientRect();
  const within = (value, most) => Math.round(Math.min(Math.max(value, 0), most));
  return [
    within(((event.clientX - box.left) / box.width) * WIDTH, WIDTH),
    within(((event.clientY - box.top) / box.height) * HEIGHT, HEIGHT),
  ];
}

function draw(fromX, fromY, x, y) {
  pen.beginPath();
  pen.moveTo(fromX, fromY);
  pen.lineTo(x, y);
  pen.stroke();
}

// A form that came back has what was drawn before.
for (const drawn of JSON.parse(form.elements.drawing.value || "[]")) {
  strokes.push(drawn);
  points += drawn.length / 2 - 1;
  for (let i = 2; i < drawn.length; i += 2) draw(...drawn.slice(i - 2, i + 2));
}

canvas.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  stroke = at(event);
  strokes.push(stroke);
});

canvas.addEventListener("pointermove", (event) => {
  if (!stroke || points >= MOST) return;
  const [x, y] = at(event);
  const [lastX, lastY] = stroke.slice(-2);
  if (Math.hypot(x - lastX, y - lastY) < APART) return;
  stroke.push(x, y);
  points += 1;
  draw(lastX, lastY, x, y);
});

for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { stroke = null; });

place.querySelector("[data-clear]").addEventListener("click", () => {
  strokes.length = points = 0;
  pen.clearRect(0, 0, WIDTH, HEIGHT);
});

form.addEventListener("submit", () => {
  form.elements.drawing.value = JSON.stringify(strokes.filter((each) => each.length > 2));
});
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
