// Reads codes with the camera: by the browser's own detector where it has one, else by a decoder that is loaded now.
const LOOK_MS = 150;
// More pixels than that make it slower, not better.
const WIDTH = 720;

// Looks until `found(text)` answers true. Throws what getUserMedia throws where there is no camera, or none is allowed.
export async function readCodes(video, { decoder, facing = "environment" }, found) {
  if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("no camera", "NotFoundError");
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, width: { ideal: 1280 } }, audio: false });
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  addEventListener("pagehide", stop, { once: true });
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  const read = await reader(decoder);
  let last = "";
  const look = async () => {
    const text = await read(video).catch(() => "");
    // The same code stays in view for many looks.
    if (text && text !== last && await found(text)) return stop();
    if (text) last = text;
    if (stream.active) setTimeout(look, LOOK_MS);
  };
  look();
  return { forget() { last = ""; }, stop };
}

async function reader(decoder) {
  const own = "BarcodeDetector" in window ? await BarcodeDetector.getSupportedFormats().catch(() => []) : [];
  if (own.includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? "";
  }
  const { default: decode } = await import(decoder);
  const canvas = document.createElement("canvas");
  return async (video) => {
    const scale = Math.min(1, WIDTH / video.videoWidth);
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    return decode(context.getImageData(0, 0, canvas.width, canvas.height));
  };
}

// What keeps the camera from looking, in the words of the page.
export function whyNot(error, words) {
  if (!isSecureContext) return words.insecure;
  if (["NotAllowedError", "SecurityError"].includes(error.name)) return words.refused;
  if (["NotReadableError", "AbortError"].includes(error.name)) return words.busy;
  return words.none;
}
