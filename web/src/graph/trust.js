/**
 * The visitor's own graphics processor on trial: before webgl or webgpu answers anyone, it replays the golden rows.
 *
 * No test of ours sees it, and drivers answer wrongly without a word (LiteRT.js #9661, transformers.js #1728, tfjs
 * #5390). The verdict is kept under a digest of all that it hangs on: the bundle, its graph and weights, the runtime, the
 * backend, what the browser says of adapter and itself.
 *
 * @typedef {{backend: string, adapter: string | null, ok: boolean, why: string | null, rows: number, kept: boolean, slow?: boolean}} Trial
 *   `why` not, in words; `rows`: golden rows that were replayed; `kept`: in an earlier visit; `slow`: nothing is known
 *   against its answers
 * @typedef {Awaited<ReturnType<typeof subjectOf>>} Subject
 * @typedef {import("./graph.js").Graph} Graph
 * @typedef {import("../manifest.js").Manifest} Manifest
 * @typedef {() => Promise<import("../selftest.js").Selftest>} Replay
 * @typedef {{ok: boolean, tried: Trial[]}} Trust `ok`: what answers now was proven on this machine, or needs no trial
 */

import { GRAPHICS } from "./backend.js";
import { BackendError } from "../errors.js";
import { adapterOf } from "./graphics.js";
import { keep, recalled } from "./kept.js";
import { RUNTIME } from "../runtime.js";
import { sha256 } from "../sha256.js";

/** Below this time of a call on wasm, nobody waits for it, and a graphics processor has little to win. */
const WORTHWHILE_MS = 50;
/** Of wasm's time, what graphics may take to be preferred. */
const FASTER = 0.8;

/**
 * Leaves each backend that does not answer as the model did for the next candidate.
 * @param {Graph} graph @param {Manifest} manifest @param {Replay} selftest by what the graph is on
 * @returns {Promise<Trust>}
 * @throws {BackendError} none of the candidates is trusted
 */
export async function onTrial(graph, manifest, selftest) {
  /** @type {Trial[]} */
  const tried = [];
  while (GRAPHICS.includes(graph.backend)) {
    const { backend } = graph;
    const subject = await subjectOf(backend, manifest);
    const trial = (await subject.known()) ?? (await replayed(graph, subject, selftest));
    tried.push(trial);
    if (trial.ok) break;
    if (graph.backend === backend) await graph.next(new BackendError(`${backend} does not answer on this machine as the trained model did: ${trial.why}. Use wasm or cpu`));
  }
  const absent = graph.absent.filter(({ backend }) => !tried.some((trial) => trial.backend === backend));
  return { ok: true, tried: [...absent.map(({ backend, why }) => failed(backend, null, why)), ...tried] };
}

/**
 * Moves a graph that nobody named a backend for to graphics, where a call takes long without, and they are faster and right.
 * @param {Graph} graph on wasm or cpu @param {Manifest} manifest @param {Replay} selftest @param {() => Promise<unknown>} call
 * @returns {Promise<Trust | null>} null where none was tried
 */
export async function preferGraphics(graph, manifest, selftest, call) {
  const without = graph.backend;
  const base = await millisecondsOf(call).catch(() => 0); // sizes that we guessed, which the graph does not take
  if (base < WORTHWHILE_MS) return null;
  /** @type {Trial[]} */
  const tried = [];
  for (const backend of GRAPHICS.filter((name) => graph.right.includes(name) && isThere(name))) {
    const subject = await subjectOf(backend, manifest);
    // Whoever names a backend may have it slow, so that is another verdict than the trial's.
    const pace = await subject.known("pace");
    const known = await subject.known();
    let trial = pace?.slow ? pace : known;
    if (trial === null || trial.ok) {
      try {
        await graph.open(backend);
        const slow = pace === null ? await slower(subject, call, without, base) : null;
        trial = slow ?? known ?? (await replayed(graph, subject, selftest));
      } catch (err) {
        trial = failed(backend, subject.adapter, /** @type {Error} */ (err).message);
      }
    }
    tried.push(trial);
    if (trial.ok) break;
  }
  if (!tried.some(({ ok }) => ok) && graph.backend !== without) await graph.open(without);
  return tried.length === 0 ? null : { ok: true, tried };
}

/** @param {string} backend */
function isThere(backend) {
  const { navigator, OffscreenCanvas, document } = /** @type {any} */ (globalThis);
  return backend === "webgpu" ? navigator?.gpu !== undefined : OffscreenCanvas !== undefined || document !== undefined;
}

/** The second of two calls: the first compiles shaders. @param {() => Promise<unknown>} call */
async function millisecondsOf(call) {
  await call();
  const start = performance.now();
  await call();
  return performance.now() - start;
}

/** A verdict where a backend is not worth its trial. @param {Subject} subject @param {() => Promise<unknown>} call @param {string} without @param {number} base */
async function slower(subject, call, without, base) {
  const time = await millisecondsOf(call);
  const slow = time >= FASTER * base;
  const why = `it is not faster: a call takes ${time.toFixed(0)} ms, and ${base.toFixed(0)} ms on ${without}`;
  const trial = { ...failed(subject.backend, subject.adapter, why), slow };
  await subject.keep(trial, "pace");
  return slow ? trial : null;
}

/** @param {Graph} graph @param {Subject} subject @param {Replay} selftest @returns {Promise<Trial>} */
async function replayed(graph, { backend, adapter, keep: kept }, selftest) {
  let found;
  try {
    found = await selftest();
  } catch (err) {
    // A lost device, a shader that does not compile: another day it may be otherwise, so nothing is kept.
    return failed(backend, adapter, /** @type {Error} */ (err).message);
  }
  if (graph.backend !== backend) return failed(backend, adapter, "it was lost in the middle of its trial");
  const trial = { backend, adapter, ok: found.ok, why: found.firstDifference, rows: found.rows, kept: false };
  await kept(trial);
  return trial;
}

/** @param {string} backend @param {string | null} adapter @param {string} why @returns {Trial} */
function failed(backend, adapter, why) {
  return { backend, adapter, ok: false, why, rows: 0, kept: false };
}

/**
 * A backend of this machine with this bundle, and where the verdict on it is kept.
 * @param {string} backend @param {Manifest} manifest
 */
async function subjectOf(backend, { digest, files }) {
  const adapter = await adapterOf(backend);
  const web = Object.entries(files).filter(([name]) => name.startsWith("web/") || name.startsWith("golden.")).sort();
  const all = [digest, web, RUNTIME, backend, adapter, navigator.userAgent];
  const keyOf = (/** @type {string} */ what) => sha256(new TextEncoder().encode(JSON.stringify([...all, what])).buffer);
  return {
    backend,
    adapter,
    /** @param {"answers" | "pace"} [what] @returns {Promise<Trial | null>} */
    known: async (what = "answers") => {
      const trial = await recalled(await keyOf(what));
      return trial === undefined ? null : { ...trial, kept: true };
    },
    /** @param {Trial} trial @param {"answers" | "pace"} [what] */
    keep: async (trial, what = "answers") => keep(await keyOf(what), trial),
  };
}
