/**
 * Curves as SVG: made element by element, so that no name is ever read as markup.
 */

import { cut } from "../dom.js";
import { padded, tickWords, ticks } from "./scale.js";

const HEIGHT = 280;
export const MARGIN = { left: 56, right: 14, top: 12, bottom: 44 };
/** Pixels of a character, about. */
const CHARACTER = 8;

/**
 * @typedef {{width: number, x: number[], series: import("./series.js").Series, values: (number | null)[][], name: string,
 *   current: number | null, described: string}} Drawing `values` by curve, then by point: null is a gap
 * @param {Drawing} drawing
 * @returns {{element: SVGSVGElement, point: (i: number) => void, nearest: (clientX: number) => number}} `point` marks a point
 *   of the curves, `nearest` finds the one below the pointer
 */
export function chart({ width, x, series, values, name, current, described }) {
  const [left, right, top, bottom] = [MARGIN.left, width - MARGIN.right, MARGIN.top, HEIGHT - MARGIN.bottom];
  const [lowX, highX] = x[0] < x[x.length - 1] ? [x[0], x[x.length - 1]] : [x[0] - 1, x[0] + 1];
  const [lowY, highY] = rangeY(series, values);
  const toX = (/** @type {number} */ v) => left + ((v - lowX) / (highX - lowX)) * (right - left);
  const toY = (/** @type {number} */ v) => bottom - ((v - lowY) / (highY - lowY)) * (bottom - top);
  const element = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": described });

  const along = ticks(lowX, highX, (right - left) / 70);
  const words = tickWords(along);
  along.forEach((tick, i) => {
    element.append(svg("line", { class: "grid", x1: toX(tick), x2: toX(tick), y1: top, y2: bottom }));
    element.append(text(words[i], { x: toX(tick), y: bottom + 16, "text-anchor": "middle" }));
  });
  for (const [at, label] of ticksY(series, lowY, highY)) {
    element.append(svg("line", { class: "grid", x1: left, x2: right, y1: toY(at), y2: toY(at) }));
    element.append(text(label, { x: left - 6, y: toY(at) + 4, "text-anchor": "end" }));
  }
  element.append(text(cut(name, Math.floor((right - left) / CHARACTER)), { class: "axis", x: (left + right) / 2, y: HEIGHT - 8, "text-anchor": "middle" }));
  const middle = (top + bottom) / 2;
  const across = { class: "axis", x: 12, y: middle, "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` };
  element.append(text(series.isShare ? "probability" : cut(series.output, 24), across));
  if (current !== null) element.append(svg("line", { class: "current", x1: toX(current), x2: toX(current), y1: top, y2: bottom }));
  values.forEach((line, k) => element.append(...curve(x, line, k, toX, toY)));
  const cursor = svg("g", { class: "cursor" });
  element.append(cursor);
  return {
    element,
    point(i) {
      const dots = values.flatMap((line, k) => {
        const y = line[i];
        return y === null ? [] : [svg("circle", { class: `dot s${k}`, cx: toX(x[i]), cy: toY(y), r: 4.5 })];
      });
      cursor.replaceChildren(svg("line", { x1: toX(x[i]), x2: toX(x[i]), y1: top, y2: bottom }), ...dots);
    },
    nearest(clientX) {
      const box = element.getBoundingClientRect();
      const at = lowX + (((clientX - box.left) * width) / box.width - left) / (right - left) * (highX - lowX);
      return x.reduce((best, v, i) => (Math.abs(v - at) < Math.abs(x[best] - at) ? i : best), 0);
    },
  };
}

/** @param {import("./series.js").Series} series @param {(number | null)[][]} values @returns {[number, number]} */
function rangeY({ isShare, labels }, values) {
  if (isShare) return [0, 1];
  if (labels !== null) return [-0.5, labels.length - 0.5];
  const known = values.flat().filter((v) => v !== null);
  return known.length > 0 ? padded(known) : [0, 1];
}

/** @param {import("./series.js").Series} series @param {number} low @param {number} high @returns {[number, string][]} */
function ticksY({ isShare, labels }, low, high) {
  if (isShare) return [0, 0.25, 0.5, 0.75, 1].map((p) => [p, `${100 * p} %`]);
  if (labels !== null) return labels.slice(0, 12).map((label, i) => [i, cut(label, 8)]);
  const up = ticks(low, high, 5);
  const words = tickWords(up);
  return up.map((tick, i) => [tick, words[i]]);
}

/**
 * A line through the points, broken where there is none; a point without neighbours is a dot.
 * @param {number[]} x @param {(number | null)[]} y @param {number} k @param {(v: number) => number} toX @param {(v: number) => number} toY
 */
function curve(x, y, k, toX, toY) {
  let path = "";
  /** @type {SVGElement[]} */
  const alone = [];
  y.forEach((value, i) => {
    if (value === null) return;
    const before = i > 0 && y[i - 1] !== null;
    if (!before && (i + 1 >= y.length || y[i + 1] === null)) alone.push(svg("circle", { class: `dot s${k}`, cx: toX(x[i]), cy: toY(value), r: 2.5 }));
    path += `${before ? "L" : "M"}${toX(x[i]).toFixed(1)} ${toY(value).toFixed(1)}`;
  });
  return [svg("path", { class: `curve s${k}`, d: path }), ...alone];
}

/** @param {string} words @param {Record<string, string | number>} attributes */
function text(words, attributes) {
  const element = svg("text", attributes);
  element.textContent = words;
  return element;
}

/**
 * @template {keyof SVGElementTagNameMap} K @param {K} tag @param {Record<string, string | number>} attributes
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
