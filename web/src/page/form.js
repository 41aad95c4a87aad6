/**
 * The page's form: one control a column, from the signature and what program.json says of ranges and choices.
 */

import { cut, make } from "./dom.js";
import { choiceControl } from "./controls/choice.js";
import { numberControl } from "./controls/number.js";
import { textControl } from "./controls/text.js";
import { toggleControl } from "./controls/toggle.js";

export { numberFrom } from "./controls/number.js";

/** A list longer than that is searched by typing. */
const MOST_CHOICES = 500;
/** Columns of a form that needs no filter, and those of a group in one that does. */
const FEW = 15;

/**
 * @typedef {{column: import("../manifest.js").Column, field: import("../program.js").Field | undefined,
 *   element: HTMLElement, control: HTMLInputElement | HTMLSelectElement, choices?: any[], target: () => HTMLElement,
 *   read: () => any, write: (value: any) => void, follow?: () => void}} Control
 *   `read` gives a value for `predict`; `target` is what is marked where that is refused; `follow` brings what stands
 *   beside the control in line with it
 */

/**
 * @param {import("../manifest.js").Signature} signature @param {import("../program.js").Field[]} fields
 * @returns {Control[]}
 */
export function controlsFor(signature, fields) {
  const byColumn = new Map(fields.map((field) => [field.column, field]));
  return signature.columns.map((column, i) => controlFor(column, byColumn.get(column.name), `field-${i}`));
}

/** @param {import("../manifest.js").Column} column @param {import("../program.js").Field | undefined} field @param {string} id */
function controlFor(column, field, id) {
  const choices = column.categories ?? field?.choices ?? [];
  if (column.dtype === "bool") return toggleControl(column, field, id);
  if (choices.length > 0 && choices.length <= MOST_CHOICES) return choiceControl(column, field, choices, id);
  if (column.dtype === "string" || choices.length > 0) return textControl(column, field, choices, id);
  return numberControl(column, field, id);
}

/** The row that stands in the form. @param {Control[]} controls */
export function rowFrom(controls) {
  return Object.fromEntries(controls.map(({ column, read }) => [column.name, read()]));
}

/**
 * The controls as the form shows them: many in groups, the first of them open.
 * @param {Control[]} controls @returns {HTMLElement[]}
 */
export function layOut(controls) {
  if (controls.length <= FEW) return controls.map(({ element }) => element);
  const groups = [];
  for (let start = 0; start < controls.length; start += FEW) {
    const mine = controls.slice(start, start + FEW);
    const group = make("details", "group");
    const [first, last] = [mine[0], mine[mine.length - 1]].map(({ column }) => cut(column.name, 32));
    group.append(make("summary", "", `${start + 1} to ${start + mine.length}: ${first} … ${last}`));
    const held = make("div", "fields");
    held.append(...mine.map(({ element }) => element));
    group.append(held);
    group.open = start === 0;
    groups.push(group);
  }
  return groups;
}

/** Whether a form is so long that it is filtered. @param {Control[]} controls */
export function isLong(controls) {
  return controls.length > FEW;
}

/** Focuses the control, in whatever group or filter it is hidden. @param {Control} control */
export function goTo({ element, target }) {
  element.hidden = false;
  const group = /** @type {HTMLDetailsElement | null} */ (element.closest("details.group"));
  if (group !== null) [group.hidden, group.open] = [false, true];
  target().focus();
}
