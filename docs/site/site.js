// Tables that are wider than the page. One of sentences is stacked: each row a block, each cell behind its column's name. One of
// figures, which are compared down a column, scrolls sideways, and can be reached by the keyboard: the theme leaves that out.
const SENTENCE = 30; // characters of a column's cells, on average

const columns = (table) => [...table.tHead?.rows[0]?.cells ?? []].map((header) => header.textContent.trim());

function isOfSentences(table) {
  const rows = [...table.tBodies[0]?.rows ?? []];
  return columns(table).some((_, at) => {
    const letters = rows.reduce((sum, row) => sum + (row.cells[at]?.textContent.length ?? 0), 0);
    return at > 0 && letters > SENTENCE * rows.length;
  });
}

function stack(table) {
  const names = columns(table);
  table.dataset.stacked = "";
  table.role = "table"; // what is shown as a block is no table for screen readers unless it says so
  for (const row of table.rows) {
    row.role = "row";
    [...row.cells].forEach((cell, at) => {
      cell.role = cell.tagName === "TH" ? "columnheader" : "cell";
      if (at > 0 && names[at]) cell.dataset.column = names[at];
    });
  }
}

function fit() {
  for (const wrap of document.querySelectorAll(".md-typeset__scrollwrap")) {
    const table = wrap.querySelector("table");
    delete table.dataset.stacked;
    wrap.removeAttribute("tabindex");
    if (wrap.scrollWidth <= wrap.clientWidth) continue;
    if (isOfSentences(table)) stack(table);
    else wrap.tabIndex = 0;
  }
}

let width = 0;
for (const event of ["load", "resize"]) {
  addEventListener(event, () => {
    if (innerWidth !== width) fit(); // a telephone's height changes while one scrolls
    width = innerWidth;
  });
}
