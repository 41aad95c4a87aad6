/**
 * Numbers as people and files write them, in decimal digits.
 */

export const NUMBER = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/**
 * Whether a whole number is what its decimal text says to the last digit, in whatever spelling: "9007199254740993.0" is
 * none that a double holds, nor is "0.99999999999999999999" one. Numbers that are not whole hold what they can.
 * @param {number} number @param {string} text one that `NUMBER` takes
 */
export function holds(number, text) {
  if (!Number.isInteger(number)) return true;
  const [mantissa, exponent = "0"] = text.replace(/^[+-]/, "").split(/e/i);
  const [whole, fraction = ""] = mantissa.split(".");
  const digits = BigInt(whole + fraction);
  // Powers of ten stay small below: with digits and a number that are not zero, the exponent is about the text's length.
  if (digits === 0n || number === 0) return digits === 0n;
  const shift = Number(exponent) - fraction.length;
  const size = BigInt(Math.abs(number));
  return shift < 0 ? digits === size * 10n ** BigInt(-shift) : digits * 10n ** BigInt(shift) === size;
}
