/**
 * A canvas as an input of a model: which inputs are pictures, and pixels as their tensors.
 *
 *     const picture = pictureOf(model.inputs[0]);
 *     model.predictTensors({ image: tensorFromCanvas(picture, canvas) });
 *
 * A canvas holds sRGB, whatever colour profile was drawn into it. What is transparent is taken as black.
 *
 * @typedef {{dtype: string, shape: number[], height: number, width: number, channels: number, first: boolean}} Picture
 *   `shape`: of one picture; `first`: channels come before rows
 */

import { COLORS } from "./signature.js";

/** Of a dimension with a name. */
const ANY = 64;
/** Parts of red, green and blue in a gray (ITU-R BT.601, luma). */
const LUMA = [0.299, 0.587, 0.114];

/**
 * How an input takes one picture; null where it is none: uint8 [N, H, W, C] or [H, W, C] of the signature's own pictures, or
 * float [N, C, H, W] or [N, H, W, C] of 1 or 3 channels.
 * @param {import("./signature.js").Input} spec @returns {Picture | null}
 */
export function pictureOf({ dtype, shape, image }) {
  if (image === null && (shape.length !== 4 || !["float", "uint8"].includes(dtype))) return null;
  const sizes = shape.map((size, axis) => (typeof size === "number" ? size : axis === 0 && shape.length === 4 ? 1 : ANY));
  if (shape.length === 4 && sizes[0] !== 1) return null;
  const [a, b, c] = sizes.slice(-3);
  if (image !== null) return { dtype, shape: sizes, height: a, width: b, channels: COLORS[image.color], first: false };
  const channels = (/** @type {string | number} */ size) => size === 1 || size === 3;
  if (channels(shape[1])) return { dtype, shape: sizes, height: b, width: c, channels: a, first: true };
  return channels(shape[3]) ? { dtype, shape: sizes, height: a, width: b, channels: c, first: false } : null;
}

/**
 * @param {Picture} picture @param {HTMLCanvasElement | OffscreenCanvas} canvas of any size: each pixel is the mean of those it covers
 * @param {[number, number]} [ends] what black and white are to an input of floats
 * @returns {{shape: number[], data: Float32Array | Uint8Array}}
 */
export function tensorFromCanvas(picture, canvas, ends = [0, 1]) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height, { colorSpace: "srgb" });
  return tensorFromPixels(picture, data, canvas.width, canvas.height, ends);
}

/**
 * @param {Picture} picture @param {ArrayLike<number>} rgba @param {number} width @param {number} height of what `rgba` holds
 * @param {[number, number]} ends
 */
export function tensorFromPixels(picture, rgba, width, height, ends) {
  const bytes = picture.dtype === "uint8";
  const size = picture.height * picture.width;
  const data = new (bytes ? Uint8Array : Float32Array)(size * picture.channels);
  for (let row = 0; row < picture.height; row++) {
    for (let column = 0; column < picture.width; column++) {
      const mean = meanOf(rgba, width, covered(row, picture.height, height), covered(column, picture.width, width));
      for (let channel = 0; channel < picture.channels; channel++) {
        const value = channelOf(mean, channel, picture.channels);
        const at = row * picture.width + column;
        data[picture.first ? channel * size + at : at * picture.channels + channel] = bytes ? Math.round(value) : ends[0] + (value / 255) * (ends[1] - ends[0]);
      }
    }
  }
  return { shape: picture.shape, data };
}

/** The pixels from and up to which one of fewer reaches. @param {number} at @param {number} fewer @param {number} many @returns {[number, number]} */
function covered(at, fewer, many) {
  const start = Math.min(many - 1, Math.floor((at * many) / fewer));
  return [start, Math.max(start + 1, Math.floor(((at + 1) * many) / fewer))];
}

/** Red, green, blue and alpha. @param {ArrayLike<number>} rgba @param {number} width @param {[number, number]} rows @param {[number, number]} columns */
function meanOf(rgba, width, rows, columns) {
  const sum = [0, 0, 0, 0];
  for (let y = rows[0]; y < rows[1]; y++) {
    for (let x = columns[0]; x < columns[1]; x++) {
      const at = 4 * (y * width + x);
      const alpha = rgba[at + 3];
      for (let k = 0; k < 3; k++) sum[k] += (rgba[at + k] * alpha) / 255;
      sum[3] += alpha;
    }
  }
  const count = (rows[1] - rows[0]) * (columns[1] - columns[0]);
  return sum.map((one) => one / count);
}

/** @param {number[]} mean @param {number} channel @param {number} channels */
function channelOf(mean, channel, channels) {
  return channels === 1 ? LUMA.reduce((sum, part, k) => sum + part * mean[k], 0) : mean[channel];
}
