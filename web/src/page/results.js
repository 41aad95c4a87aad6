/**
 * Answers as a table. Names are text content, never markup.
 */

import { make } from "./dom.js";
import { words } from "./answer/figures.js";

/**
 * @param {string[]} header @param {any[][]} lines @param {number} most lines shown
 */
export function tableElement(header, lines, most) {
  const table = make("table");
  const head = table.createTHead().insertRow();
  for (const title of header) {
    const cell = make(title === "" ? "td" : "th", "", title);
    if (title !== "") cell.setAttribute("scope", "col");
    head.append(cell);
  }
  const body = table.createTBody();
  for (const line of lines.slice(0, most)) {
    const row = body.insertRow();
    // Every digit that tells the number from its neighbours, as the download has it.
    for (const value of line) row.insertCell().textContent = words(value);
  }
  return table;
}
