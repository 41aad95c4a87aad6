/**
 * Which numbers of the answers are drawn: the probability of each class, or the values. At most five of them.
 */

const MOST = 5;

/**
 * @typedef {{names: string[], values: (number | null)[][], output: string, isShare: boolean, labels: string[] | null, left: number}} Series
 *   `values` by name, then by answer; `labels`: what the numbers 0, 1, ... stand for, of an output of labels alone;
 *   `left`: how many more there would be
 */

/** Outputs that can be drawn, the most telling first. @param {import("../../manifest.js").Output[]} outputs */
export function drawable(outputs) {
  const numbers = outputs.filter(({ kind, dtype }) => kind !== "label" && dtype !== "string");
  return numbers.length > 0 ? numbers : outputs;
}

/**
 * @param {import("../../manifest.js").Output} output @param {Record<string, any>[]} predictions at least one
 * @returns {Series}
 */
export function seriesFrom({ name, kind, keys }, predictions) {
  const answers = predictions.map((prediction) => prediction[name]);
  const [first] = answers;
  if (first === null || typeof first !== "object") {
    const numbers = answers.every((answer) => answer === null || typeof answer === "number");
    if (kind !== "label" && numbers) return { names: [name], values: [answers], output: name, isShare: false, labels: null, left: 0 };
    const labels = [...new Set(answers.map(String))].sort();
    return { names: [name], values: [answers.map((answer) => labels.indexOf(String(answer)))], output: name, isShare: false, labels, left: 0 };
  }
  const found = keys !== null && !Array.isArray(first) ? keys.filter((key) => Object.hasOwn(first, key)) : Object.keys(first);
  const kept = found.length <= MOST ? found : kind === "probabilities" ? largest(found, answers) : found.slice(0, MOST);
  return {
    names: kept, output: name, isShare: kind === "probabilities", labels: null, left: found.length - kept.length,
    values: kept.map((key) => answers.map((answer) => (typeof answer[key] === "number" ? answer[key] : null))),
  };
}

/** Those that reach highest somewhere, in their own order. @param {string[]} names @param {Record<string, any>[]} answers */
function largest(names, answers) {
  const peak = new Map(names.map((name) => [name, Math.max(...answers.map((answer) => answer[name] ?? -Infinity))]));
  const kept = new Set([...names].sort((a, b) => Number(peak.get(b)) - Number(peak.get(a))).slice(0, MOST));
  return names.filter((name) => kept.has(name));
}
