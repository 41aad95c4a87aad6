/**
 * What the model answers for each choice of a column: a bar a choice, in pieces of the classes' probabilities.
 */

import { make } from "../dom.js";
import { brief, percent } from "../answer/figures.js";

/** Choices that are shown at once. */
const SHOWN = 12;

/**
 * @param {any[]} values @param {import("./series.js").Series} series @param {(number | null)[][]} lines by series, then by value:
 *   null where the model refuses the value
 * @param {any} current @returns {HTMLElement}
 */
export function choiceBars(values, series, lines, current) {
  const known = lines.flat().filter((v) => v !== null);
  const [low, high] = series.isShare ? [0, 1] : [Math.min(0, ...known), Math.max(0, ...known)];
  const hasBars = series.isShare || (series.labels === null && lines.length === 1);
  const items = values.map((value, i) => {
    const mine = lines.map((line) => line[i]);
    const item = make("li", value === current ? "now" : "");
    if (value === current) item.setAttribute("aria-current", "true");
    const name = make("span", "class", value === null ? "(missing)" : String(value));
    if (value === current) name.append(make("span", "hint", " in the form"));
    const track = make("div", "track");
    track.setAttribute("aria-hidden", "true");
    track.append(...mine.map((v, k) => {
      const piece = make("div", `piece s${k}`);
      piece.style.width = `${v === null ? 0 : (100 * Math.abs(v)) / (high - low || 1)}%`;
      return piece;
    }));
    item.append(name, make("span", "figure", inWords(series, mine)));
    if (hasBars) item.append(track);
    return item;
  });
  const element = make("div", "choices");
  const list = make("ul", "bars");
  list.append(...items.slice(0, SHOWN));
  element.append(list);
  if (items.length > SHOWN) {
    const rest = make("details", "rest");
    const hidden = make("ul", "bars");
    hidden.append(...items.slice(SHOWN));
    rest.append(make("summary", "", `${items.length - SHOWN} more`), hidden);
    element.append(rest);
  }
  return element;
}

/** The largest class, or the values. @param {import("./series.js").Series} series @param {(number | null)[]} mine */
function inWords({ names, isShare, labels }, mine) {
  if (mine.every((v) => v === null)) return "refused";
  if (labels !== null) return labels[Number(mine[0])];
  if (!isShare) return mine.map((v) => (v === null ? "none" : brief(v))).join(", ");
  const best = mine.indexOf(Math.max(...mine.map((v) => v ?? -1)));
  return `${names[best]} ${percent(mine[best])}`;
}
