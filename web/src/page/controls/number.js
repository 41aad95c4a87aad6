/**
 * A column of numbers: a field for any number, and a slider beside it where a range means something.
 */

import { make } from "../dom.js";
import { NUMBER, holds } from "../files/cells.js";
import { within } from "../../words.js";
import { MISSING, fieldOf, textInput } from "./field.js";
import { hasNearEnd, onStep, rangeOf, stepOf } from "./range.js";

/**
 * @param {import("../../manifest.js").Column} column @param {import("../../program.js").Field | undefined} field
 * @param {string} id @returns {import("../form.js").Control}
 */
export function numberControl(column, field, id) {
  // No control of type "number": browsers drop characters from what is typed there, and "41,5" is read as 415.
  const input = textInput();
  input.inputMode = column.dtype === "int64" ? "numeric" : "decimal";
  input.required = !column.missing;
  input.defaultValue = field?.value === undefined || field.value === null ? "" : String(field.value);
  const range = rangeOf(column, field);
  const slider = range === null ? null : sliderFor(column, range, input);
  const looks = typeof field?.min === "number" && typeof field.max === "number" ? `the model looks between ${field.min} and ${field.max}` : "";
  const hint = [looks, hasNearEnd(column) ? within("must be", column) : "", column.missing ? MISSING : ""];
  return {
    column, field, control: input, target: () => input,
    element: fieldOf(column, id, input, { hint, beside: slider === null ? [] : [slider.element], kind: "number" }),
    read: () => numberFrom(input.value.trim(), column),
    write(value) {
      input.value = value === null ? "" : String(value);
      slider?.follow();
    },
    follow: slider?.follow,
  };
}

/**
 * What was typed, as a number; null where nothing was; else the text, which `predict` refuses by its words.
 * @param {string} text @param {import("../../manifest.js").Column} column
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

/** @param {import("../../manifest.js").Column} column @param {[number, number]} range @param {HTMLInputElement} input */
function sliderFor(column, range, input) {
  const element = make("input", "slider");
  const step = stepOf(range, column.dtype === "int64");
  Object.assign(element, { type: "range", min: String(range[0]), max: String(range[1]), step: String(step) });
  element.setAttribute("aria-label", `${column.name}, slider`);
  const follow = () => {
    const value = numberFrom(input.value.trim(), column);
    const stands = typeof value === "number";
    element.value = String(stands ? value : (range[0] + range[1]) / 2);
    element.classList.toggle("idle", !stands);
    element.setAttribute("aria-valuetext", stands ? String(value) : value === null ? "nothing" : "no number");
  };
  element.addEventListener("input", () => {
    input.value = onStep(element.valueAsNumber, step);
    element.classList.remove("idle");
    element.setAttribute("aria-valuetext", input.value);
  });
  input.addEventListener("input", follow);
  follow();
  return { element, follow };
}
