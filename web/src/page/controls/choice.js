/**
 * A column of fitted categories: a list of them and, where the model takes other values too, a field for those.
 */

import { make, option } from "../dom.js";
import { describe, fieldOf, textInput } from "./field.js";
import { numberFrom } from "./number.js";

const OTHER = "other";
export const UNSEEN = "Training never saw this value. The model answers it as any other that it does not know.";

/**
 * @param {import("../../manifest.js").Column} column @param {import("../../program.js").Field | undefined} field
 * @param {any[]} choices @param {string} id @returns {import("../form.js").Control}
 */
export function choiceControl(column, field, choices, id) {
  const list = make("select");
  if (column.missing) list.append(option("", "(missing)"));
  choices.forEach((choice, i) => list.append(option(String(i), String(choice))));
  const chosen = choices.indexOf(field?.value);
  if (chosen >= 0) list.options[chosen + (column.missing ? 1 : 0)].defaultSelected = true;
  const other = column.categories === null ? otherField(column, list, choices, id) : null;
  const isOther = () => list.value === OTHER;
  return {
    column, field, control: list, choices,
    target: () => (isOther() && other !== null ? other.input : list),
    element: fieldOf(column, id, list, { beside: other === null ? [] : [other.element], kind: "choice" }),
    read: () => (list.value === "" ? null : isOther() && other !== null ? other.read() : choices[Number(list.value)]),
    write(value) {
      const place = choices.indexOf(value);
      list.value = value === null ? "" : place < 0 ? OTHER : String(place);
      if (isOther() && other !== null) other.input.value = String(value);
      other?.follow();
    },
    follow: other?.follow,
  };
}

/** @param {import("../../manifest.js").Column} column @param {HTMLSelectElement} list @param {any[]} choices @param {string} id */
function otherField(column, list, choices, id) {
  list.append(option(OTHER, "other…"));
  const element = make("div", "other");
  const input = textInput();
  input.id = `${id}-other`;
  input.setAttribute("aria-label", `${column.name}, another value`);
  const note = make("p", "hint", UNSEEN);
  note.id = `${id}-unseen`;
  describe(input, note.id);
  describe(input, `${id}-problem`);
  element.append(input, note);
  const read = () => (column.dtype === "string" ? input.value : numberFrom(input.value.trim(), column));
  const follow = () => {
    element.hidden = list.value !== OTHER;
    note.hidden = choices.includes(read());
  };
  list.addEventListener("input", follow);
  input.addEventListener("input", follow);
  follow();
  return { element, input, read, follow };
}
