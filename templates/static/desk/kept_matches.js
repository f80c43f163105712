// Without a connection the palette finds the pages that this device keeps.
import { timeText, words } from "./connection.js";
import { isSupported, keptPages } from "./kept.js";

const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

// The matches as the server would list them; "" where nothing is kept.
export async function keptMatches(q) {
  if (!isSupported) return "";
  const wanted = folded(q).split(/\s+/);
  const found = (await keptPages()).filter(({ name }) => wanted.every((word) => folded(name).includes(word)));
  const list = make("div", "palette-options", { role: "listbox" });
  list.setAttribute("aria-label", words("saysKeptHere"));
  list.append(...found.map(option));
  const said = make("p", "list-note", { role: "status", textContent: words(found.length ? "saysKeptHere" : "saysNoneKept", { q }) });
  return said.outerHTML + (found.length ? list.outerHTML : "");
}

function option({ path, name, at }) {
  const link = make("a", "row", { role: "option", href: path, tabIndex: -1, ariaSelected: "false" });
  link.append(make("span", "row-main", { textContent: name }), make("span", "row-end muted", { textContent: timeText(at) }));
  return link;
}

const make = (tag, className, rest) => Object.assign(document.createElement(tag), { className, ...rest });
