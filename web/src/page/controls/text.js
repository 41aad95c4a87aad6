/**
 * A column of free text, or of more categories than a list is good for: those are suggested while a person types.
 */

import { make, option } from "../dom.js";
import { UNSEEN } from "./choice.js";
import { MISSING, fieldOf, textInput } from "./field.js";
import { numberFrom } from "./number.js";

const MOST_SUGGESTIONS = 2000;

/**
 * @param {import("../../manifest.js").Column} column @param {import("../../program.js").Field | undefined} field
 * @param {any[]} suggestions @param {string} id @returns {import("../form.js").Control}
 */
export function textControl(column, field, suggestions, id) {
  const input = textInput();
  input.defaultValue = field?.value === undefined || field.value === null ? "" : String(field.value);
  const asText = column.dtype === "string";
  const read = () => (input.value === "" && column.missing ? null : asText ? input.value : numberFrom(input.value.trim(), column));
  const beside = [];
  const note = make("p", "hint", UNSEEN);
  if (suggestions.length > 0) {
    const list = make("datalist");
    list.id = `${id}-choices`;
    for (const choice of suggestions.slice(0, MOST_SUGGESTIONS)) list.append(option(String(choice), ""));
    input.setAttribute("list", list.id);
    beside.push(list, note);
  }
  const known = new Set(suggestions);
  const follow = () => {
    const value = read();
    note.hidden = value === null || known.has(value) || column.categories !== null;
  };
  input.addEventListener("input", follow);
  follow();
  const hint = [suggestions.length > 0 ? `${suggestions.length.toLocaleString("en")} known values, suggested as you type` : "", column.missing ? MISSING : ""];
  return {
    column, field, control: input, read, follow, target: () => input,
    element: fieldOf(column, id, input, { hint, beside, kind: "text" }),
    write(value) {
      input.value = value === null ? "" : String(value);
      follow();
    },
  };
}
