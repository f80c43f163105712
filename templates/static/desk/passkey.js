// Passkeys: the server says what to sign, the device asks its owner and signs, the server checks.
import { signInEnded } from "./sign_in.js";
import { gettext as _ } from "./words.js";

const canDoIt = Boolean(window.PublicKeyCredential && navigator.credentials);

export function showPasskeys(within = document) {
  if (canDoIt) within.querySelectorAll("form.passkey, button[data-passkey]").forEach((each) => { each.hidden = false; });
}

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  // A form that is sent without a passkey too has a button of its own for it.
  if (!form.hasAttribute("data-passkey") && !submitter?.hasAttribute("data-passkey")) return;
  event.preventDefault();
  // A dialog that signs in over the page sends the answer itself.
  ask(form, submitter?.hasAttribute("formaction") ? submitter.formAction : form.action).then((answer) => {
    if (!answer) return;
    if (form.closest("dialog")) form.dispatchEvent(new CustomEvent("passkey", { bubbles: true, detail: answer }));
    else { document.body.append(answer); answer.submit(); }
  }).catch((error) => say(form, error));
});

// Returns the form that brings what the device signed, or null after saying why there is none.
async function ask(form, address) {
  say(form, null);
  const answer = await fetch(address, {
    method: "POST", body: new URLSearchParams(new FormData(form)), cache: "no-store", headers: { "HX-Request": "true" },
  });
  if (answer.status === 401) {
    await signInEnded({ isSending: true, prove: answer.headers.get("X-Prove") });
    return ask(form, address);
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const asked = page.querySelector("form[data-options]");
  if (!asked) return say(form, { message: page.querySelector("[role=alert], .said, .notice p")?.textContent.trim() });
  const options = { publicKey: decoded(JSON.parse(asked.dataset.options)) };
  const isNew = asked.dataset.ceremony === "create";
  const made = isNew ? await navigator.credentials.create(options) : await navigator.credentials.get(options);
  asked.elements.credential.value = JSON.stringify(encoded(made));
  return document.adoptNode(asked);
}

const REASONS = {
  NotAllowedError: _("The device did not confirm. Try again."),
  InvalidStateError: _("This device has a passkey for this account already."),
  NotSupportedError: _("This device can’t make a passkey that checks its owner."),
  SecurityError: _("This browser makes no passkeys for this address."),
};

function say(form, error) {
  const place = form.querySelector(".why[role=alert]");
  place.hidden = !error;
  place.textContent = error ? REASONS[error.name] || error.message || _("That did not work. Try again.") : "";
  return null;
}

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (ch) => ch.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// Safari before 18.4 does neither of these two by itself.
function decoded(options) {
  const withId = (each) => ({ ...each, id: bytes(each.id) });
  return {
    ...options,
    challenge: bytes(options.challenge),
    ...(options.user && { user: withId(options.user) }),
    ...(options.excludeCredentials && { excludeCredentials: options.excludeCredentials.map(withId) }),
    ...(options.allowCredentials && { allowCredentials: options.allowCredentials.map(withId) }),
  };
}

function encoded(made) {
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const response = Object.fromEntries(parts.filter((part) => made.response[part]).map((part) => [part, text(made.response[part])]));
  if (made.response.getTransports) response.transports = made.response.getTransports();
  return { id: made.id, rawId: text(made.rawId), type: made.type, response };
}
