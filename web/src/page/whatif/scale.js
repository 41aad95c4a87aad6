/**
 * Axes: round numbers along a range, and how they are written.
 */

/**
 * @param {number} low @param {number} high @param {number} most ticks, about
 * @returns {number[]} multiples of 1, 2 or 5 times a power of ten that lie in the range
 */
export function ticks(low, high, most) {
  const rough = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((k) => k * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  if (!(last - first < 100)) return [low, high];
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

const SMALL = new Intl.NumberFormat("en", { maximumSignificantDigits: 6, useGrouping: false });
const LARGE = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });

/** Ticks in as few digits as tell them apart. @param {number[]} places @returns {string[]} */
export function tickWords(places) {
  const largest = Math.max(...places.map(Math.abs));
  const ways = largest >= 1e15 || largest < 1e-3 ? [(/** @type {number} */ x) => (x === 0 ? "0" : x.toExponential(1))] : [];
  if (largest >= 1e5) ways.push((x) => LARGE.format(x));
  ways.push((x) => SMALL.format(x), String);
  for (const way of ways) {
    const words = places.map(way);
    if (new Set(words).size === places.length) return words;
  }
  return places.map(String);
}

/** A range that a curve does not touch, and that is not empty. @param {number[]} values @returns {[number, number]} */
export function padded(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const more = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
  return [low - more, high + more];
}
