/**
 * Answers as table cells. Class names are text content, never markup.
 */

import { make } from "./dom.js";
import { words } from "./answer/figures.js";

/**
 * One column a scalar: `label`, `probabilities.yes`, `value.0`.
 * @param {import("../manifest.js").Output[]} outputs @param {Record<string, any>[]} predictions
 * @returns {{header: string[], lines: any[][]}}
 */
export function tableFrom(outputs, predictions) {
  const first = predictions[0] ?? {};
  /** @type {[string, (prediction: Record<string, any>) => any][]} */
  const columns = outputs.flatMap(({ name }) => {
    const answer = first[name];
    if (answer === null || typeof answer !== "object") return [[name, (/** @type {any} */ p) => p[name]]];
    return Object.keys(answer).map((key) => [`${name}.${key}`, (/** @type {any} */ p) => p[name][key]]);
  });
  return { header: columns.map(([title]) => title), lines: predictions.map((p) => columns.map(([, read]) => read(p))) };
}

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
