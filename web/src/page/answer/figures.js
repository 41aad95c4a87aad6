/**
 * Numbers as people read them, with every digit that tells them from their neighbours still there.
 */

import { make } from "../dom.js";

/** Digits that are read at a glance; those behind them are shown smaller. */
const GLANCE = 6;

/** @param {any} value a scalar of an answer */
export function words(value) {
  return value === null || value === undefined ? "" : String(value);
}

/** A number without the digits that nobody reads at a glance: six of them, or all whole ones and two more. @param {number} x */
export function brief(x) {
  if (Number.isInteger(x) || !Number.isFinite(x)) return String(x);
  const whole = Math.ceil(Math.log10(Math.abs(x)));
  return String(Number(x.toPrecision(Math.min(17, Math.max(GLANCE, whole + 2)))));
}

/** @param {number | null} p */
export function percent(p) {
  return p === null ? "none" : `${(100 * p).toFixed(1)} %`;
}

/**
 * A scalar as an element: of a number that is longer than a glance the rest of the digits is set apart, none is dropped.
 * @param {any} value @param {string} className @param {"p" | "span"} tag
 */
export function figure(value, className, tag = "span") {
  const element = make(tag, className);
  const [head, tail, end] = typeof value === "number" ? parted(String(value)) : [value === null ? "none" : words(value), "", ""];
  element.append(head);
  if (tail !== "") element.append(make("span", "tail", tail));
  if (end !== "") element.append(end);
  return element;
}

/**
 * "231.38471239" is "231.384" and "71239"; whole digits and an exponent are never set apart.
 * @param {string} text @returns {[string, string, string]} what is read first, digits behind it, the exponent
 */
export function parted(text) {
  const [, whole, fraction = "", exponent = ""] = /^(-?[0-9]+)(\.[0-9]+)?(e.*)?$/.exec(text) ?? [text, text];
  const leading = whole.replace(/^-?0?/, "").length;
  const zeros = leading > 0 ? 0 : /^\.0*/.exec(fraction)?.[0].length ?? 1;
  const kept = leading > 0 ? 1 + Math.max(2, GLANCE - leading) : Math.max(zeros, 1) + GLANCE - 1;
  return [whole + fraction.slice(0, kept), fraction.slice(kept), exponent];
}
