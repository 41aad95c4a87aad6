// One interleaved run over every way to ask a model: each round times a block of each, in turn; medians of the rounds.

import { KINDS, open } from "./subjects.mjs";

/** Blocks are this long, so that a coarse clock and one collection of garbage count little. */
const BLOCK = 25;

/**
 * @param {string} base URL of the model's folder @param {string[]} without kinds that the model does not have
 * @param {any} tools see subjects.mjs @param {number} rounds
 * @returns {Promise<Record<string, any>>} kind -> {one, many: microseconds and milliseconds, difference} or {failed}
 */
export async function measured(base, without, tools, rounds) {
  const { expected, count } = await tools.json(`${base}/rows.json`);
  /** @type {Record<string, any>} */
  const found = {};
  const ready = [];
  for (const kind of KINDS.filter((each) => !without.includes(each))) {
    try {
      const subject = await open(kind, base, tools);
      // Every answer is compared before it is timed, all rows at once and each alone.
      const together = Array.from(await subject.many(), Number);
      const alone = [];
      for (let i = 0; i < count; i++) alone.push(...Array.from(await subject.one(i), Number));
      found[kind] = { difference: largest(expected, together), alone: largest(expected, alone), one: [], many: [] };
      ready.push({ kind, one: await blockOf(subject.one, count), many: await blockOf(subject.many, 1) });
    } catch (err) {
      found[kind] = { failed: String(err.message ?? err).slice(0, 300) };
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < ready.length; k++) {
      const { kind, one, many } = ready[(k + round) % ready.length];
      found[kind].one.push(1000 * (await one()));
      found[kind].many.push(await many());
    }
  }
  for (const { kind } of ready) for (const what of ["one", "many"]) found[kind][what] = median(found[kind][what]);
  return found;
}

/** What times as many calls as fill a block: milliseconds a call. */
async function blockOf(ask, places) {
  let calls = 1;
  const timed = async () => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) {
      const made = ask(i % places);
      if (made instanceof Promise) await made;
    }
    return (performance.now() - start) / calls;
  };
  for (let k = 0; k < 4; k++) calls = Math.max(1, Math.min(100_000, Math.ceil(BLOCK / Math.max(1e-4, await timed()))));
  return timed;
}

function largest(expected, made) {
  if (expected.length !== made.length) return Number.MAX_VALUE; // JSON has no infinity
  const differences = expected.map((x, i) => Math.abs(x - made[i]) / (1 + Math.abs(x)));
  return differences.some(Number.isNaN) ? Number.MAX_VALUE : Math.max(...differences);
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
