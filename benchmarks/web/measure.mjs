// One interleaved run over every way to ask a model: each round times a block of each, in turn; medians of the rounds.
//
// Each way has a process or a page of its own: where a library lets its WebAssembly memory grow, V8 looks for detached
// buffers at every access to a typed array from then on, of everybody's in that process (half as long again, measured).

/** Blocks are this long, so that a coarse clock and one collection of garbage count little. */
const BLOCK = 25;

/**
 * What is asked of one way, where it runs: opened, and every answer compared before it is timed.
 * @param {(kind: string, base: string, tools: any) => Promise<any>} open see subjects.mjs
 * @param {string} kind @param {string} base URL of the model's folder @param {any} tools see subjects.mjs
 * @returns {Promise<{difference: number, alone: number, one: () => Promise<number>, many: () => Promise<number>}>}
 *   the largest difference, of all rows at once and of each alone; what times a block: milliseconds a call
 */
export async function prepared(open, kind, base, tools) {
  const { expected, count } = await tools.json(`${base}/rows.json`);
  const subject = await open(kind, base, tools);
  if (subject.numbers) {
    // Files: what comes out is looked into, and there is no row alone.
    return { difference: largest(expected, await subject.numbers()), alone: 0, one: async () => 0, many: await blockOf(subject.many, 1) };
  }
  const together = Array.from(await subject.many(), Number);
  const alone = [];
  for (let i = 0; i < count; i++) alone.push(...Array.from(await subject.one(i), Number));
  const differences = { difference: largest(expected, together), alone: largest(expected, alone) };
  return { ...differences, one: await blockOf(subject.one, count), many: await blockOf(subject.many, 1) };
}

/**
 * @param {string[]} kinds those that the model has @param {number} rounds
 * @param {(kind: string) => Promise<{ask: (what: "prepare" | "one" | "many") => Promise<any>, close: () => Promise<any>}>} started
 *   a process or a page, which does as `prepared` says
 * @returns {Promise<Record<string, any>>} kind -> {one, many: microseconds and milliseconds, difference, alone} or {failed}
 */
export async function interleaved(kinds, rounds, started) {
  /** @type {Record<string, any>} */
  const found = {};
  const ready = [];
  for (const kind of kinds) {
    const asked = await started(kind);
    try {
      found[kind] = { ...(await asked.ask("prepare")), one: [], many: [] };
      ready.push({ kind, ...asked });
    } catch (err) {
      found[kind] = { failed: String(err.message ?? err).slice(0, 300) };
      await asked.close();
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < ready.length; k++) {
      const { kind, ask } = ready[(k + round) % ready.length];
      found[kind].one.push(1000 * (await ask("one")));
      found[kind].many.push(await ask("many"));
    }
  }
  for (const { kind, close } of ready) {
    for (const what of ["one", "many"]) found[kind][what] = median(found[kind][what]);
    await close();
  }
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
  return differences.some(Number.isNaN) ? Number.MAX_VALUE : differences.reduce((most, x) => Math.max(most, x), 0);
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
