/**
 * What the model refuses in the form: every wrong field, in the contract's own words, marked where it stands. Asked of the
 * contract itself, column by column, and not of `explainInput`: an answer that has to go must go within the edit.
 */

import { cut } from "./dom.js";
import { InputError } from "../errors.js";
import { inputsFromRows } from "../validate.js";

/**
 * @typedef {{column: string, message: string}} Problem
 * @typedef {import("./form.js").Control} Control
 */

/**
 * @param {import("../index.js").Model} model @param {Record<string, any>} row @returns {Problem[]} in the columns' order
 */
export function problemsOf(model, row) {
  return model.manifest.signature.columns.flatMap((column) => {
    const message = problemOf(column, row[column.name]);
    return message === null ? [] : { column: column.name, message };
  });
}

/** What is wrong with a value of a column, or null. @param {import("../manifest.js").Column} column @param {any} value */
export function problemOf(column, value) {
  try {
    inputsFromRows([{ [column.name]: value }], { layout: "columns", columns: [column] });
    return null;
  } catch (err) {
    if (err instanceof InputError) return `expected ${err.expected}, got ${err.seen === "null" ? "nothing" : err.seen}`;
    throw err;
  }
}

/** Marks the fields that are refused, and no others. @param {Control[]} controls @param {Problem[]} problems */
export function mark(controls, problems) {
  const byColumn = new Map(problems.map(({ column, message }) => [column, message]));
  for (const { column, element, target } of controls) {
    const message = byColumn.get(column.name) ?? "";
    const place = /** @type {HTMLElement} */ (element.querySelector(".field-problem"));
    if (place.textContent !== message) place.textContent = message;
    place.hidden = message === "";
    for (const control of element.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
    if (message !== "") target().setAttribute("aria-invalid", "true");
  }
}

/** One line of what is wrong. @param {Problem[]} problems */
export function summary(problems) {
  const [{ column, message }, ...others] = problems;
  const more = others.length === 0 ? "" : `; ${others.length} more: ${others.slice(0, 3).map((one) => cut(one.column)).join(", ")}${others.length > 3 ? " …" : ""}`;
  return `${column}: ${message}${more}`;
}
