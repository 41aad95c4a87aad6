/**
 * A call in the page as JSON, what `POST /predict` takes under "inputs".
 */

import { nested } from "../nested.js";
import { ARRAYS } from "../signature.js";

/** Values of a call that is written out to begin with. */
const MOST = 4096;

/**
 * @param {import("../signature.js").Input[]} inputs @param {(call: Record<string, any>) => Promise<void>} answer
 * @param {(id: string, message: string | null) => void} tell
 * @returns {() => Promise<void>} asks for what is there
 */
export function setUpCall(inputs, answer, tell) {
  const text = /** @type {HTMLTextAreaElement} */ (document.getElementById("call"));
  const calls = inputs.map(plainest);
  const written = calls.every(({ data }) => data.length <= MOST);
  text.value = written ? JSON.stringify(Object.fromEntries(inputs.map(({ name }, i) => [name, nested(calls[i])]))) : "";
  const ask = async () => {
    let call;
    try {
      call = JSON.parse(text.value);
    } catch (err) {
      return tell("problem", `this is no JSON: ${/** @type {Error} */ (err).message}`);
    }
    return answer(call);
  };
  document.getElementById("form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    void ask();
  });
  return async () => (written ? ask() : undefined);
}

/** Zeros, or what the contract has nearest to them, in the smallest shape. @param {import("../signature.js").Input} spec */
function plainest({ dtype, shape, minimum, maximum }) {
  const sizes = shape.map((size) => (typeof size === "number" ? size : 1));
  const value = Math.max(minimum ?? -Infinity, Math.min(maximum ?? Infinity, 0));
  const data = new ARRAYS[dtype](sizes.reduce((product, size) => product * size, 1));
  return { dtype, shape: sizes, data: data.fill(dtype.endsWith("64") ? BigInt(Math.ceil(value)) : value) };
}
