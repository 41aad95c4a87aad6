/**
 * A column of booleans: a switch.
 */

import { make } from "../dom.js";
import { fieldOf } from "./field.js";

/**
 * @param {import("../../manifest.js").Column} column @param {import("../../program.js").Field | undefined} field
 * @param {string} id @returns {import("../form.js").Control}
 */
export function toggleControl(column, field, id) {
  const input = make("input");
  input.type = "checkbox";
  input.setAttribute("role", "switch");
  input.defaultChecked = field?.value === true;
  return {
    column, field, control: input, choices: [true, false], target: () => input,
    element: fieldOf(column, id, input, { kind: "check" }),
    read: () => input.checked,
    write(value) {
      input.checked = value === true;
    },
  };
}
