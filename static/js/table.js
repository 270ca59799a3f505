// A table that can be sorted by its columns and filtered by a word and a standing. Without it: the table as it came.

function key(row, column) {
  const cell = row.cells[column];
  return cell.dataset.sort ?? cell.textContent.trim();
}

function sortBy(table, button) {
  const header = button.closest("th");
  const down = header.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows];
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  rows.sort((a, b) => collator.compare(key(a, header.cellIndex), key(b, header.cellIndex)) * (down ? -1 : 1));
  table.tBodies[0].append(...rows);
}

function filter(table, form) {
  const word = form.elements.word.value.trim().toLowerCase();
  const standing = form.elements.standing.value;
  let shown = 0;
  for (const row of table.tBodies[0].rows) {
    const named = row.cells[0].textContent.toLowerCase().includes(word);
    const fits = !standing || row.querySelector(`[data-standing="${standing}"]`);
    row.hidden = !(named && fits);
    shown += row.hidden ? 0 : 1;
  }
  form.querySelector("[data-shown]").textContent = String(shown);
}

for (const table of document.querySelectorAll("table[data-sortable]")) {
  for (const button of table.tHead.querySelectorAll("button")) button.addEventListener("click", () => sortBy(table, button));
}
for (const form of document.querySelectorAll("form[data-filters]")) {
  const table = document.getElementById(form.dataset.filters);
  form.addEventListener("input", () => filter(table, form));
  form.addEventListener("submit", (event) => event.preventDefault());
}
