/**
 * All that is wrong with a call of a model of tensors, where `predict` names the first of it.
 */

import { InputError } from "../errors.js";
import { problemFrom } from "../explain.js";
import { got } from "../words.js";
import { check, checkNames, refusal } from "./contract.js";

/**
 * @param {any} given @param {import("./signature.js").Input[]} inputs
 * @param {(spec: import("./signature.js").Input, value: any) => import("./signature.js").Tensor | Promise<import("./signature.js").Tensor>} read
 * @returns {Promise<import("../explain.js").Problem[]>} unknown names, then inputs in order, then what they say of each other
 */
export async function problemsIn(given, inputs, read) {
  /** @type {import("../explain.js").Problem[]} */
  const found = [];
  /** @param {() => unknown} work what may be refused */
  const note = async (work) => {
    try {
      await work();
    } catch (err) {
      found.push(problemFrom(err));
    }
  };
  if (given === null || typeof given !== "object" || Array.isArray(given) || ArrayBuffer.isView(given)) {
    const seen = got(given);
    await note(() => Promise.reject(new InputError(`inputs: expected an object, got ${seen}`, { seen, expected: "an object" })));
    return found;
  }
  for (const name of Object.keys(given)) if (!inputs.some((spec) => spec.name === name)) await note(() => checkNames([name], inputs));
  /** @type {Map<string, import("./signature.js").Tensor>} */
  const taken = new Map();
  for (const spec of inputs) {
    await note(async () => {
      if (!Object.hasOwn(given, spec.name)) throw refusal(spec.name, "a tensor", "nothing (the input is absent)");
      const tensor = await read(spec, given[spec.name]);
      check(new Map([[spec.name, tensor]]), [spec]);
      taken.set(spec.name, tensor);
    });
  }
  if (taken.size === inputs.length && found.length === 0) await note(() => check(taken, inputs));
  return found;
}
