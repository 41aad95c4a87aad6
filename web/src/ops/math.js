/**
 * Functions of one element. The engine's Exp, Log, Sin and so on may differ from libm in the last bit.
 */

import { round, sigmoid, softplus } from "../rows/functions.js";
import { value } from "../value.js";

/**
 * @param {(x: number) => number} f of a real, or of an int32
 * @param {(x: bigint) => bigint} [big] of an int64
 * @returns {import("./registry.js").Op}
 */
function each(f, big) {
  return ([x]) => {
    const data = x.data.slice();
    if (x.dtype === "int64" && big) for (let i = 0; i < data.length; i++) data[i] = big(data[i]);
    else if (x.dtype === "float") for (let i = 0; i < data.length; i++) data[i] = Math.fround(f(data[i]));
    else for (let i = 0; i < data.length; i++) data[i] = f(data[i]);
    return value(x.dtype, x.shape, data);
  };
}

/** @type {import("./registry.js").Op} */
function isInf([x], { attrs }) {
  const out = new Uint8Array(x.data.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = Number((attrs.detect_positive && x.data[i] === Infinity) || (attrs.detect_negative && x.data[i] === -Infinity));
  }
  return value("bool", x.shape, out);
}

/** @type {import("./registry.js").Op} */
function isNaN([x]) {
  return value("bool", x.shape, Uint8Array.from(x.data, (v) => Number(v !== v)));
}

/** @type {Record<string, import("./registry.js").Op>} */
export const math = {
  Abs: each(Math.abs, (x) => (x < 0n ? -x : x)),
  Neg: each((x) => -x, (x) => -x),
  Sign: each(Math.sign, (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n)),
  Floor: each(Math.floor),
  Ceil: each(Math.ceil),
  Round: each(round),
  Sqrt: each(Math.sqrt),
  Reciprocal: each((x) => 1 / x),
  Relu: each((x) => (x < 0 ? 0 : x)),
  Exp: each(Math.exp),
  Log: each(Math.log),
  Sin: each(Math.sin),
  Cos: each(Math.cos),
  Tanh: each(Math.tanh),
  Sigmoid: each(sigmoid),
  Softplus: each(softplus),
  IsNaN: isNaN,
  IsInf: isInf,
};
