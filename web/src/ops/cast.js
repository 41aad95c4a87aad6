/**
 * Changes of dtype.
 */

import { BundleError } from "../errors.js";
import { isReal, value } from "../value.js";

/**
 * A real that becomes an integer. The partition keeps NaN, infinities and values outside the type away.
 * @param {number} x
 */
function whole(x) {
  if (!Number.isFinite(x)) throw new BundleError(`${x} cannot become an integer`);
  return Math.trunc(x);
}

/** @type {import("./registry.js").Op} */
function castTo([x], { attrs }) {
  const to = attrs.to;
  if (to === x.dtype) return x;
  /** @param {any} data */
  const result = (data) => value(to, x.shape, data);
  if (to === "string" && x.dtype === "int64") return result(Array.from(x.data, String));
  if (to === "string" || x.dtype === "string") throw new BundleError(`no Cast from ${x.dtype} to ${to}`);
  switch (to) {
    case "double":
      return result(Float64Array.from(x.data, Number));
    case "float":
      return result(Float64Array.from(x.data, (v) => Math.fround(Number(v))));
    case "int64":
      return result(BigInt64Array.from(x.data, (v) => BigInt(isReal(x) ? whole(v) : v)));
    case "int32":
      return result(Int32Array.from(x.data, (v) => (isReal(x) ? whole(v) : Number(BigInt.asIntN(32, BigInt(v))))));
    case "bool":
      // NaN is true: it is not 0. `v != 0` compares numbers and BigInts alike.
      return result(Uint8Array.from(x.data, (v) => Number(v != 0)));
    default:
      throw new BundleError(`no Cast to ${to}`);
  }
}

/** @type {Record<string, import("./registry.js").Op>} */
export const cast = { Cast: castTo };
