/**
 * Pictures for an input that takes them: {"png": "<base64>"}, or a list of those. The twin of `isoship_edge.tensors.images`.
 *
 * @typedef {import("./signature.js").Input} Input
 */

import { got, listed } from "../words.js";
import { refusal, shown } from "./contract.js";
import { headerOf, pixelsOf, PngError } from "./png.js";
import { COLORS } from "./signature.js";

const EXPECTED = 'a PNG as {"png": "<base64>"}';
/** Bytes that the pictures of a call may unpack to. */
const MOST = 2 ** 28;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * @param {Input} spec @param {any} value
 * @returns {Promise<import("./signature.js").Tensor>} uint8 [N, H, W, C], or [H, W, C] of one picture, in the input's colours
 * @throws {import("../errors.js").InputError} one is no such picture, of another size, or of colours that cannot be brought over exactly
 */
export async function tensorFromPictures(spec, value) {
  const several = spec.shape.length === 4;
  if (Array.isArray(value) && !several) throw refusal(spec.name, EXPECTED, "an array: this model takes one picture at a time");
  const pictures = Array.isArray(value) ? value : [value];
  const { color } = /** @type {{color: string}} */ (spec.image);
  /** @type {number[] | null} */
  let size = null;
  let room = MOST;
  const parts = [];
  for (const [place, one] of pictures.entries()) {
    const index = Array.isArray(value) ? [place] : null;
    const content = contentOf(spec, one, index);
    try {
      const header = headerOf(content);
      const found = [header.height, header.width];
      checkSize(spec, found, size, index);
      room -= header.height * header.width * COLORS[color];
      if (room < 0) throw new PngError(`pictures of fewer pixels in a request, got one of ${header.width} x ${header.height} beyond the limit`);
      parts.push(await pixelsOf(content, header, color));
      size = found;
    } catch (err) {
      if (!(err instanceof PngError)) throw err;
      const [expected, ...seen] = err.message.split(", got ");
      throw refusal(spec.name, expected, seen.join(", got "), index);
    }
  }
  const shape = [...(size ?? [0, 0]), COLORS[color]];
  const data = new Uint8Array(await new Blob(/** @type {any} */ (parts)).arrayBuffer());
  return { dtype: "uint8", shape: several ? [pictures.length, ...shape] : shape, data };
}

/** The numbers of the signature's shape, and one size of all. @param {Input} spec @param {number[]} found @param {number[] | null} first @param {number[] | null} index */
function checkSize(spec, found, first, index) {
  const dims = spec.shape.slice(-3, -1);
  if (dims.some((dim, i) => typeof dim === "number" && dim !== found[i])) {
    throw refusal(spec.name, `a picture of ${shown(dims)} pixels (height, width)`, `one of ${shown(found)}`, index);
  }
  if (first !== null && shown(first) !== shown(found)) throw refusal(spec.name, `pictures of one size, the first has ${shown(first)}`, `one of ${shown(found)}`, index);
}

/** @param {Input} spec @param {any} one @param {number[] | null} index @returns {Uint8Array} */
function contentOf(spec, one, index) {
  if (one === null || typeof one !== "object" || Array.isArray(one)) throw refusal(spec.name, EXPECTED, got(one), index);
  const keys = Object.keys(one);
  if (keys.length !== 1 || keys[0] !== "png") throw refusal(spec.name, EXPECTED, keys.length > 0 ? `an object with the keys ${listed(keys)}` : "{}", index);
  if (typeof one.png !== "string") throw refusal(spec.name, EXPECTED, `${got(one.png)} as png`, index);
  if (!BASE64.test(one.png)) {
    throw refusal(spec.name, EXPECTED, one.png.startsWith("data:") ? "a data: URL" : "text that is no base64 (without line breaks)", index);
  }
  return Uint8Array.from(atob(one.png), (c) => c.charCodeAt(0));
}
