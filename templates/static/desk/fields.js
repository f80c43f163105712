// What a person at the screen has typed or chosen, and which of it would be lost.

export const isField = (node) =>
  node instanceof HTMLElement && (node.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(node.nodeName));

export function isChanged(field) {
  if (field.nodeName === "SELECT") return [...field.options].some((each) => each.selected !== each.defaultSelected);
  return field.checked !== field.defaultChecked || field.value !== field.defaultValue;
}

// A field that somebody is in or has changed is theirs until its form is sent.
export const isTouched = (field) => field === document.activeElement || isChanged(field);

const canBeLost = (field) => isField(field) && !["hidden", "search"].includes(field.type) && isChanged(field);

export const hasUnsent = (form) => [...form.elements].some(canBeLost);

export const hasUnsentForm = () => [...document.querySelectorAll("main form[method=post]")].some(hasUnsent);

export function focusOn(node) {
  if (!isField(node)) node.tabIndex = -1;
  node.focus();
}
