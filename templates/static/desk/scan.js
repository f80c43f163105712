// The page that scans: the code of a paper opens its client, the code of a voucher the voucher.
import { readCodes, whyNot } from "./camera.js";
import { signInEnded } from "./sign_in.js";

export function startScan() {
  const place = document.querySelector("[data-camera][data-finds]");
  if (!place) return;
  const start = place.querySelector("[data-start]");
  start.addEventListener("click", () => look(place));
  look(place);
}

async function look(place) {
  const start = place.querySelector("[data-start]");
  start.hidden = true;
  say(place, "");
  try {
    await readCodes(place.querySelector("video"), place.dataset, (text) => openWhatItIs(place, text));
  } catch (error) {
    say(place, whyNot(error, place.dataset));
    start.hidden = false;
  }
}

const say = (place, text) => { place.querySelector(".camera-said").textContent = text; };

async function openWhatItIs(place, text) {
  const asked = new URLSearchParams({ q: text.slice(0, 200) });
  const answer = await fetch(`${place.dataset.finds}?${asked}`, { headers: { "HX-Request": "true" }, cache: "no-store" }).catch(() => null);
  if (answer?.status === 401) await signInEnded();
  if (!answer?.ok) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const option = page.querySelector("[data-kind=of_code] [role=option], [data-kind=vouchers] [role=option]");
  if (!option) {
    say(place, place.dataset.unknown);
    return false;
  }
  location.assign(option.getAttribute("href"));
  return true;
}
