// The words of the scripts in the language of the page: a table from English that the page brings along, or none.
const table = JSON.parse(document.querySelector("meta[name=words]")?.content || "{}");

export function gettext(message, values = {}) {
  return (table[message] ?? message).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
