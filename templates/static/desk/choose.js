// Rows to choose in a list: one tick for all rows of the page, one for all that match, and how many that is.

const rowsOf = (form) => [...form.querySelectorAll("tbody input[type=checkbox]")];

function show(form) {
  const rows = rowsOf(form);
  const everything = form.querySelector("[data-everything]");
  const chosen = rows.filter((each) => each.checked).length;
  const all = form.querySelector("[data-all-rows]");
  all.checked = rows.length > 0 && chosen === rows.length;
  all.indeterminate = chosen > 0 && chosen < rows.length;
  for (const each of [all, ...rows]) each.disabled = Boolean(everything?.checked);
  const said = form.querySelector("[data-chosen]");
  if (said) said.textContent = everything?.checked ? "" : said.dataset.chosen.replace("{n}", chosen);
}

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("[data-choosing]");
  if (!form) return;
  if (event.target.matches("[data-all-rows]")) for (const each of rowsOf(form)) each.checked = event.target.checked;
  show(form);
});

const showAll = () => document.querySelectorAll("[data-choosing]").forEach(show);
showAll();
// Back and forward keep the ticks of a page.
addEventListener("pageshow", showAll);
