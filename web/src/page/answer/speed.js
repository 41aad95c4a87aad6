/**
 * How fast the model answers, as this device measures it, and what answers.
 */

const LAST = 15;

/** @param {{engine: string, backend: string}} model */
export function answeredBy({ engine, backend }) {
  if (engine === "rows") return "by the row program, in double precision";
  if (backend === "javascript") return "by the program around the graph, in double precision";
  return `by TensorFlow.js on ${backend}, in float32`;
}

/** @returns {(ms: number) => string} takes the time of an answer, and says the median of the last ones */
export function stopwatch() {
  /** @type {number[]} */
  const times = [];
  return (ms) => {
    times.push(ms);
    if (times.length > LAST) times.shift();
    const sorted = [...times].sort((a, b) => a - b);
    return inWords(sorted[Math.floor(sorted.length / 2)]);
  };
}

/** A clock that browsers make coarse on purpose says 0 of what is faster. @param {number} ms */
export function inWords(ms) {
  if (ms < 0.1) return ms === 0 ? "under 0.1 ms" : `${ms.toPrecision(2)} ms`;
  return `${ms < 100 ? Number(ms.toPrecision(2)) : Math.round(ms)} ms`;
}
