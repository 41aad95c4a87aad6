/**
 * A control under its label, with a hint and a place for what is wrong with it, both of which screen readers announce.
 */

import { make } from "../dom.js";

export const MISSING = "leave empty = missing";

/** A name of more characters is cut, and shown whole to whoever points at it. */
const LONG = 40;

/**
 * @typedef {HTMLInputElement | HTMLSelectElement} Input
 * @param {import("../../manifest.js").Column} column @param {string} id @param {Input} control
 * @param {{hint?: string[], beside?: HTMLElement[], kind?: string}} [around] `beside` stands between control and hint
 */
export function fieldOf(column, id, control, { hint = [], beside = [], kind = "" } = {}) {
  const element = make("div", `field ${kind}`.trim());
  const label = make("label", "", column.name);
  control.id = label.htmlFor = id;
  const problem = make("p", "field-problem");
  problem.id = `${id}-problem`;
  problem.hidden = true;
  if (column.name.length > LONG) label.title = column.name;
  element.append(label, control, ...beside, problem);
  describe(control, problem.id);
  const words = hint.filter((part) => part !== "").join("; ");
  if (words !== "") {
    const note = make("p", "hint", words);
    note.id = `${id}-hint`;
    describe(control, note.id);
    element.append(note);
  }
  return element;
}

/** Adds a description to those that a control has. @param {HTMLElement} control @param {string} id */
export function describe(control, id) {
  control.setAttribute("aria-describedby", `${control.getAttribute("aria-describedby") ?? ""} ${id}`.trim());
}

/** A text field that a browser neither completes nor corrects. */
export function textInput() {
  const input = make("input");
  input.type = "text";
  input.autocomplete = "off";
  input.spellcheck = false;
  input.setAttribute("autocapitalize", "off");
  return input;
}
