/**
 * The golden calls, replayed on this device: does this copy answer as the source model did? The twin of
 * `isoship_edge.tensors.selftest`.
 *
 * @typedef {import("./signature.js").Tensor} Tensor
 * @typedef {import("../manifest.js").Manifest} Manifest
 */

import { compared } from "../agreement.js";
import { InputError } from "../errors.js";
import { indexOf, shown } from "./contract.js";
import { floatsOf } from "./float16.js";
import { NotHeld } from "./ports.js";

/**
 * @param {Manifest} manifest @param {string} digest of golden.json
 * @param {ReturnType<typeof import("./golden.js").goldenFrom>} golden
 * @param {(inputs: Map<string, Tensor>) => Promise<Map<string, Tensor>>} answer
 * @returns {Promise<import("../selftest.js").Selftest>} `rows` are calls; those that TF.js cannot be asked are left out
 */
export async function selftest(manifest, digest, golden, answer) {
  /** @type {import("../selftest.js").Selftest} */
  const found = { ok: false, rows: 0, worst: 0, ties: 0, firstDifference: null };
  const wrong = (/** @type {string} */ why) => (found.firstDifference ??= why);
  if (digest !== manifest.digest) wrong(`golden.json belongs to digest ${digest}, the bundle has ${manifest.digest}`);
  for (const [place, { kind, inputs, outputs }] of golden.asks.entries()) {
    const call = `call ${place} (${kind})`;
    let made;
    try {
      made = await answer(inputs);
    } catch (err) {
      if (!(err instanceof InputError)) throw err;
      if (!(err instanceof NotHeld)) wrong(`${call} is not answered: ${err.message}`);
      continue;
    }
    found.rows++;
    for (const output of manifest.outputs) {
      const want = outputs.get(output.name);
      const got = /** @type {Tensor} */ (made.get(output.name));
      if (want === undefined) {
        wrong(`${call}: golden.json has no ${output.name}`);
        continue;
      }
      const { worst, difference } = differing(output, toleranceOf(manifest, output.name), got, want);
      found.worst = Math.max(found.worst, worst);
      if (difference !== null) wrong(`${call}, ${output.name}${difference}`);
    }
  }
  if (found.rows === 0) wrong("no golden call could be asked here");
  for (const { why, input, inputs } of golden.refused) {
    found.rows++;
    try {
      await answer(inputs);
      wrong(`a call is answered that the model refuses: ${why} in ${JSON.stringify(input)}`);
    } catch (err) {
      if (!(err instanceof InputError)) throw err;
      if (input !== null && err.input !== input) wrong(`a call is refused for ${JSON.stringify(err.input)} that the model refuses for ${JSON.stringify(input)}`);
    }
  }
  found.ok = found.firstDifference === null;
  return found;
}

/** What is computed in float32 has float32's, where there is one. @param {Manifest} manifest @param {string} name */
function toleranceOf({ tolerances }, name) {
  const held = Object.hasOwn(tolerances, name) ? tolerances[name] : {};
  return held.float32 ?? Object.values(held)[0];
}

/**
 * @param {import("../manifest.js").Output} output @param {import("../manifest.js").Tolerance | undefined} tolerance
 * @param {Tensor} got @param {Tensor} want
 * @returns {{worst: number, difference: string | null}} in words the first value that does not agree
 */
function differing(output, tolerance, got, want) {
  if (got.dtype !== want.dtype || shown(got.shape) !== shown(want.shape)) {
    return { worst: 0, difference: `: expected ${want.dtype} ${shown(want.shape)}, got ${got.dtype} ${shown(got.shape)}` };
  }
  const half = output.dtype === "float16";
  const [theirs, ours] = half ? [floatsOf(want.data), floatsOf(got.data)] : [want.data, got.data];
  const as = half ? { ...output, dtype: "float" } : output;
  let worst = 0;
  /** @type {string | null} */
  let first = null;
  for (let i = 0; i < ours.length; i++) {
    const { difference, fits } = compared(as, tolerance, ours[i], theirs[i]);
    worst = Math.max(worst, difference);
    if (!fits) first ??= ` at ${shown(indexOf(i, got.shape))}: expected ${theirs[i]}, got ${ours[i]}`;
  }
  return { worst, difference: first };
}
