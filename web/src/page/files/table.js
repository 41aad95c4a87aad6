/**
 * The first rows of an answered file: the model's columns first, which one sees without scrolling, then the file's own.
 */

/**
 * @param {string[]} header of the file @param {string[]} made the model's columns, where a last one says why a row was refused
 * @param {import("./answers.js").Preview[]} rows
 */
export function tableElement(header, made, rows) {
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const [i, title] of [...made, ...header].entries()) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = title;
    if (i < made.length) cell.className = "made";
    head.append(cell);
  }
  const body = table.createTBody();
  for (const { own, made: answers, error } of rows) {
    const row = body.insertRow();
    if (error !== "") row.className = "refused";
    for (let i = 0; i < made.length; i++) {
      const cell = row.insertCell();
      cell.className = "made";
      cell.textContent = answers[i] ?? (i === made.length - 1 ? error : "");
    }
    for (const value of own) row.insertCell().textContent = value === null ? "" : String(value);
  }
  return table;
}
