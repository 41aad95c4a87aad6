/**
 * One row's answer as page elements: what a classifier says large, probabilities as bars, everything else as figures.
 * The elements stay from answer to answer, so that bars grow and shrink, and what was opened stays open.
 */

import { make } from "../dom.js";
import { tableElement } from "../results.js";
import { probabilityBars } from "./bars.js";
import { brief, figure, percent, words } from "./figures.js";

/** More numbers than that are a table. */
const MOST_FIGURES = 20;

/** @typedef {{element: HTMLElement, show: (answer: any) => void}} View */

/**
 * @param {import("../../manifest.js").Output[]} outputs @param {Record<string, any>} prediction one of `predict`'s: what
 *   is a list in one is a list in all
 * @returns {{elements: HTMLElement[], show: (prediction: Record<string, any>) => void}}
 */
export function answerView(outputs, prediction) {
  const views = outputs.map((output) => viewOf(output, prediction[output.name], outputs.length));
  return {
    elements: views.map(({ element }) => element),
    show: (answer) => outputs.forEach(({ name }, i) => views[i].show(answer[name])),
  };
}

/** @param {import("../../manifest.js").Output} output @param {any} answer @param {number} outputs @returns {View} */
function viewOf(output, answer, outputs) {
  const several = answer !== null && typeof answer === "object";
  if (!several && output.kind === "label") return scalar("p");
  const element = make("div", "output");
  if (outputs > 1 || several || output.kind !== "label") element.append(make("h3", "", output.name));
  const view = !several ? scalar("p")
    : output.kind === "probabilities" && !Array.isArray(answer) ? probabilityBars(namesOf(output, answer))
    : figures(output.name);
  element.append(view.element);
  return { element, show: view.show };
}

/** @param {import("../../manifest.js").Output} output @param {Record<string, any>} answer */
function namesOf({ keys }, answer) {
  return keys !== null && keys.every((key) => Object.hasOwn(answer, key)) ? keys : Object.keys(answer);
}

/** @param {"p" | "span"} tag @returns {View} */
function scalar(tag) {
  const element = make("div");
  return { element, show: (answer) => element.replaceChildren(figure(answer, "label", tag)) };
}

/** @param {string} name @returns {View} */
function figures(name) {
  const element = make("div");
  return {
    element,
    show(answer) {
      const entries = Object.entries(answer);
      if (entries.length > MOST_FIGURES) return showTable(element, name, entries);
      const list = make("ul", "figures");
      list.append(...entries.map(([key, value]) => {
        const item = make("li");
        item.append(make("span", "class", key), figure(value, "figure"));
        return item;
      }));
      element.replaceChildren(list);
    },
  };
}

/** @param {HTMLElement} element @param {string} name @param {[string, any][]} entries */
function showTable(element, name, entries) {
  const at = element.firstElementChild?.scrollTop ?? 0;
  const held = make("div", "scroll");
  held.tabIndex = 0;
  held.setAttribute("role", "region");
  held.setAttribute("aria-label", name);
  held.append(tableElement(["", name], entries, entries.length));
  element.replaceChildren(held);
  held.scrollTop = at;
}

/**
 * An answer in a few words, for the bar at the bottom of a phone and for whoever cannot see the page.
 * @param {import("../../manifest.js").Output[]} outputs @param {Record<string, any>} prediction
 */
export function inShort(outputs, prediction) {
  return outputs.slice(0, 2).map(({ name, kind }) => {
    const answer = prediction[name];
    if (kind === "probabilities" && answer !== null && typeof answer === "object") {
      const [best, p] = Object.entries(answer).reduce((a, b) => ((b[1] ?? -1) > (a[1] ?? -1) ? b : a));
      return outputs[0].kind === "label" ? percent(p) : `${best} ${percent(p)}`;
    }
    const scalars = (answer !== null && typeof answer === "object" ? Object.values(answer) : [answer]).slice(0, 3).map((value) => (typeof value === "number" ? brief(value) : words(value)));
    return kind === "label" ? scalars.join(", ") : `${name} ${scalars.join(", ")}`;
  }).join(" · ");
}
