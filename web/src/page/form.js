/**
 * The page's form: one control a column, from the signature and what program.json says of ranges and choices.
 *
 * Every name and value goes in as text content or a property, never as markup.
 */

import { NUMBER, holds } from "./files/cells.js";
import { within } from "../words.js";

const MISSING = "leave empty = missing";
const MOST_CHOICES = 500;
/** An end of a range beyond it is no hint to anyone. */
const FAR = 1e15;

/**
 * @typedef {{column: import("../manifest.js").Column, element: HTMLElement, control: HTMLInputElement | HTMLSelectElement,
 *   read: () => any}} Control `read` gives a value for `predict`
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
  const choices = column.categories ?? field?.choices;
  if (column.dtype === "bool") return checkbox(column, field, id);
  if (column.categories !== null && column.categories.length <= MOST_CHOICES) return select(column, field, column.categories, id);
  if (column.dtype === "string") return text(column, field, choices ?? [], id);
  return number(column, field, id);
}

/** @param {import("../manifest.js").Column} column @param {import("../program.js").Field | undefined} field @param {string} id @returns {Control} */
function number(column, field, id) {
  // No control of type "number": browsers drop characters from what is typed there, and "41,5" is read as 415.
  const input = document.createElement("input");
  input.type = "text";
  input.autocomplete = "off";
  input.inputMode = column.dtype === "int64" ? "numeric" : "decimal";
  if (field?.value !== undefined && field.value !== null) input.value = String(field.value);
  const usual = typeof field?.min === "number" && typeof field?.max === "number" ? `usually ${shown(field.min)} to ${shown(field.max)}` : "";
  const read = () => numberFrom(input.value.trim(), column);
  const range = hasNearEnd(column) ? within("must be", column) : "";
  return { column, control: input, read, element: labelled(column, input, id, [usual, range].filter(Boolean).join("; ")) };
}

/**
 * What was typed, as a number; null where nothing was; else the text, which `predict` refuses by its words.
 * @param {string} text @param {import("../manifest.js").Column} column
 */
export function numberFrom(text, column) {
  if (text === "") return null;
  if (!NUMBER.test(text)) return text;
  const found = Number(text);
  // A whole number that no double holds would be answered as its neighbour; with a point or an exponent a column of
  // doubles takes the nearest, which is what such a text stands for.
  const exact = column.dtype === "int64" || /^[+-]?[0-9]+$/.test(text);
  return exact && !holds(found, text) ? text : found;
}

/** Ends that a person may meet, unlike float32's largest number. @param {import("../manifest.js").Column} column */
function hasNearEnd({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
  return [minimum, maximum, exclusiveMinimum, exclusiveMaximum].some((end) => end !== null && Math.abs(end) < FAR);
}

/**
 * @param {import("../manifest.js").Column} column @param {import("../program.js").Field | undefined} field
 * @param {any[]} choices @param {string} id @returns {Control}
 */
function select(column, field, choices, id) {
  const list = document.createElement("select");
  if (column.missing) list.append(option("", "(missing)"));
  choices.forEach((choice, i) => list.append(option(String(i), String(choice))));
  const chosen = choices.indexOf(field?.value);
  if (chosen >= 0) list.value = String(chosen);
  const read = () => (list.value === "" ? null : choices[Number(list.value)]);
  return { column, control: list, read, element: labelled(column, list, id, "", false) };
}

/**
 * @param {import("../manifest.js").Column} column @param {import("../program.js").Field | undefined} field
 * @param {any[]} suggestions @param {string} id @returns {Control}
 */
function text(column, field, suggestions, id) {
  const input = document.createElement("input");
  input.type = "text";
  input.autocomplete = "off";
  input.spellcheck = false;
  if (typeof field?.value === "string") input.value = field.value;
  const element = labelled(column, input, id, "");
  if (suggestions.length > 0) {
    const list = document.createElement("datalist");
    list.id = `${id}-choices`;
    for (const choice of suggestions.slice(0, MOST_CHOICES)) list.append(option(String(choice), String(choice)));
    input.setAttribute("list", list.id);
    element.append(list);
  }
  return { column, control: input, read: () => (input.value === "" && column.missing ? null : input.value), element };
}

/** @param {import("../manifest.js").Column} column @param {import("../program.js").Field | undefined} field @param {string} id @returns {Control} */
function checkbox(column, field, id) {
  const input = document.createElement("input");
  input.type = "checkbox";
  input.id = id;
  input.checked = field?.value === true;
  const element = document.createElement("div");
  element.className = "field check";
  element.append(input, labelOf(column, id));
  return { column, control: input, read: () => input.checked, element };
}

/**
 * A control under its label, with a hint that screen readers announce.
 * @param {import("../manifest.js").Column} column @param {HTMLInputElement | HTMLSelectElement} control
 * @param {string} id @param {string} hint @param {boolean} [emptiable]
 */
function labelled(column, control, id, hint, emptiable = true) {
  const element = document.createElement("div");
  element.className = "field";
  control.id = id;
  element.append(labelOf(column, id), control);
  const words = [hint, column.missing && emptiable ? MISSING : ""].filter(Boolean).join("; ");
  if (words !== "") {
    const note = document.createElement("span");
    note.className = "hint";
    note.id = `${id}-hint`;
    note.textContent = words;
    control.setAttribute("aria-describedby", note.id);
    element.append(note);
  }
  if (!column.missing && column.dtype !== "string") control.required = true;
  return element;
}

/** @param {import("../manifest.js").Column} column @param {string} id */
function labelOf(column, id) {
  const label = document.createElement("label");
  label.htmlFor = id;
  label.textContent = column.name;
  return label;
}

/** @param {string} value @param {string} words */
function option(value, words) {
  const element = document.createElement("option");
  element.value = value;
  element.textContent = words;
  return element;
}

/** @param {any} x */
function shown(x) {
  return typeof x === "number" ? String(Number(x.toPrecision(6))) : String(x);
}
