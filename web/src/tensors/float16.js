/**
 * Half precision by its bits: the twin of `isoship_edge.tensors.float16`.
 */

/** @param {ArrayLike<number>} bits @returns {Float32Array} the values, exactly */
export function floatsOf(bits) {
  return Float32Array.from(bits, (b) => {
    const sign = b & 0x8000 ? -1 : 1;
    const exponent = (b >> 10) & 31;
    const fraction = b & 1023;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
  });
}

/** The bits of a value rounded to nearest, ties to even; beyond 65504 infinite. @param {number} value */
export function bitsOf(value) {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size === 0) return sign;
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  // Of a power of two's neighbour below, log2 may be the power: the mantissa then says so.
  const unit = 2 ** (exponent - 10);
  const steps = even(size / unit);
  if (size >= 65520) return sign | 0x7c00;
  return sign | (steps < 1024 ? steps : ((exponent + 15) << 10) + (steps - 1024));
}

/** @param {number} x from 0 up */
function even(x) {
  const low = Math.floor(x);
  const rest = x - low;
  return low + (rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? 1 : 0);
}
