/**
 * What a chart shows of all answers, counted while they come: how often each label, or a histogram of numbers.
 *
 * A histogram's bins are as wide as the numbers need: where one lies outside, bins are joined in pairs until it does not,
 * so every count is exact, and no number is kept.
 *
 * @typedef {{name: string, counts: [string, number][], others: number, more: number}} LabelCounts `others`: answers of the
 *   `more` labels that are not among the most frequent
 * @typedef {{name: string, edges: number[], counts: number[], least: number, most: number, mean: number, none: number}} Histogram
 *   `none`: rows whose answer is no number
 */

import { cellOf, flatNames } from "./written.js";

const BINS = 512;
const SHOWN_BINS = 32;
const MOST_LABELS = 10_000;
const SHOWN_LABELS = 20;

/** The chart of a model's answers. @param {import("../../manifest.js").Output[]} outputs */
export function tallyFor(outputs) {
  const label = outputs.find(({ kind, shape }) => kind === "label" && shape.length === 1);
  if (label !== undefined) return new LabelTally(label);
  const number = outputs.find(({ kind, dtype }) => kind !== "label" && dtype !== "string");
  return number === undefined ? null : new NumberTally(number);
}

class LabelTally {
  #counts = /** @type {Map<any, number>} */ (new Map());
  #beyond = 0;

  /** @param {import("../../manifest.js").Output} output */
  constructor(output) {
    this.output = output;
  }

  /** @param {any} data @param {number} rows */
  add(data, rows) {
    const counts = this.#counts;
    for (let i = 0; i < rows; i++) {
      const found = counts.get(data[i]);
      if (found !== undefined || counts.size < MOST_LABELS) counts.set(data[i], (found ?? 0) + 1);
      else this.#beyond++;
    }
  }

  /** @param {string} dtype of the data @returns {LabelCounts} */
  chart(dtype) {
    const words = dtype === "string" ? String : cellOf(dtype);
    const all = [...this.#counts].sort(([, a], [, b]) => b - a);
    const rest = all.slice(SHOWN_LABELS);
    return {
      name: this.output.name,
      counts: all.slice(0, SHOWN_LABELS).map(([label, count]) => [String(words(label)), count]),
      others: rest.reduce((sum, [, count]) => sum + count, this.#beyond),
      more: rest.length,
    };
  }
}

export class NumberTally {
  #counts = new Float64Array(BINS);
  #low = NaN;
  #width = NaN;
  #least = Infinity;
  #most = -Infinity;
  #sum = 0;
  #rows = 0;
  #none = 0;

  /** @param {import("../../manifest.js").Output} output of which the first number counts */
  constructor(output) {
    this.output = output;
  }

  /** @param {any} data @param {number} rows */
  add(data, rows) {
    const step = rows === 0 ? 1 : data.length / rows;
    for (let i = 0; i < rows; i++) {
      const x = Number(data[i * step]);
      if (Number.isFinite(x)) this.#one(x);
      else this.#none++;
    }
  }

  /** @param {number} x */
  #one(x) {
    if (this.#rows === 0) {
      this.#width = Math.max(Math.abs(x) * 2 ** -30, 2 ** -300);
      this.#low = x - (this.#width * BINS) / 2;
    }
    while (x < this.#low) this.#join(true);
    while (x >= this.#low + this.#width * BINS) this.#join(false);
    this.#counts[Math.min(BINS - 1, Math.floor((x - this.#low) / this.#width))]++;
    this.#rows++;
    this.#sum += x;
    if (x < this.#least) this.#least = x;
    if (x > this.#most) this.#most = x;
  }

  /** Twice as wide, with the new room below or above. @param {boolean} below */
  #join(below) {
    const [counts, to] = [new Float64Array(BINS), below ? BINS / 2 : 0];
    for (let i = 0; i < BINS; i++) counts[to + (i >> 1)] += this.#counts[i];
    if (below) this.#low -= this.#width * BINS;
    this.#width *= 2;
    this.#counts = counts;
  }

  /** @returns {Histogram} */
  chart() {
    const [from, to] = [this.#counts.findIndex((n) => n > 0), this.#counts.findLastIndex((n) => n > 0)];
    const joined = Math.max(1, Math.ceil((to - from + 1) / SHOWN_BINS));
    const [edges, counts] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
    for (let i = from; from >= 0 && i <= to; i += joined) {
      edges.push(this.#low + i * this.#width);
      counts.push(this.#counts.slice(i, i + joined).reduce((sum, n) => sum + n, 0));
    }
    edges.push(this.#low + (from + counts.length * joined) * this.#width);
    return { name: flatNames([this.output])[0], edges, counts, least: this.#least, most: this.#most, mean: this.#sum / this.#rows, none: this.#none };
  }
}
