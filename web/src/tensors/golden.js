/**
 * The golden calls of a bundle of tensors: golden.json, and the numbers of its tensors in golden.bin. The twin of
 * `isoship_edge.tensors.golden`.
 *
 * @typedef {import("./signature.js").Tensor} Tensor
 * @typedef {{kind: string, inputs: Map<string, Tensor>, outputs: Map<string, Tensor>}} GoldenAsk
 * @typedef {{why: string, input: string | null, inputs: Map<string, Tensor>}} GoldenRefusal
 */

import { BundleError } from "../errors.js";
import { ARRAYS } from "./signature.js";

const FORMAT = 2;

/**
 * @param {any} document golden.json @param {ArrayBuffer} bytes golden.bin
 * @returns {{asks: GoldenAsk[], refused: GoldenRefusal[]}}
 * @throws {BundleError} they are damaged, or of another format
 */
export function goldenFrom(document, bytes) {
  if (document?.format !== FORMAT) throw new BundleError(`golden.json has format ${JSON.stringify(document?.format)}; tensors have golden calls of format ${FORMAT}`);
  try {
    return {
      asks: document.asks.map((/** @type {any} */ { kind, inputs, outputs }) => ({ kind, inputs: tensors(inputs, bytes), outputs: tensors(outputs, bytes) })),
      refused: (document.refused ?? []).map((/** @type {any} */ { why, input = null, inputs }) => ({ why, input, inputs: tensors(inputs, bytes) })),
    };
  } catch (err) {
    throw new BundleError(`golden.json is damaged: ${/** @type {Error} */ (err).message}`, { cause: err });
  }
}

/** @param {Record<string, any>} document @param {ArrayBuffer} bytes @returns {Map<string, Tensor>} */
function tensors(document, bytes) {
  return new Map(Object.entries(document).map(([name, one]) => [name, tensor(one, bytes, name)]));
}

/** @param {any} document @param {ArrayBuffer} bytes @param {string} name @returns {Tensor} */
function tensor({ dtype, shape, at, strings }, bytes, name) {
  const size = shape.reduce((/** @type {number} */ product, /** @type {number} */ one) => product * one, 1);
  if (dtype === "string" && strings.length === size) return { dtype, shape, data: strings };
  const [start, length] = at;
  const kind = ARRAYS[dtype];
  if (length !== size * kind.BYTES_PER_ELEMENT || start < 0 || start + length > bytes.byteLength) {
    throw new Error(`${JSON.stringify(name)} lies at ${start}, ${length} of ${bytes.byteLength} bytes`);
  }
  return { dtype, shape, data: new kind(bytes.slice(start, start + length)) };
}
