/**
 * PNG pictures as the bytes that were drawn: every pixel exactly, or a refusal that says why. The twin of
 * `isoship_edge.tensors.png`, which says what is brought over and what is not: no canvas is asked, which applies colour
 * profiles and loses what is transparent.
 *
 * Source: Portable Network Graphics (PNG) Specification (Third Edition), W3C.
 *
 * @typedef {{width: number, height: number, depth: number, kind: number, interlaced: boolean}} Header IHDR
 */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const [GRAY, RGB, PALETTE] = [0, 2, 3];
/** Colour type -> its samples a pixel, and the bit depths that the format allows. @type {Record<number, [number, number[]]>} */
const TYPES = { 0: [1, [1, 2, 4, 8, 16]], 2: [3, [8, 16]], 3: [1, [1, 2, 4, 8]], 4: [2, [8, 16]], 6: [4, [8, 16]] };
/** Adam7: the first column and row of each pass, and the steps. */
const PASSES = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/** A picture that is refused: `what was expected, got what was seen`. */
export class PngError extends Error {}

/** What a PNG says of itself at its start. @param {Uint8Array} data @returns {Header} @throws {PngError} */
export function headerOf(data) {
  if (SIGNATURE.some((byte, i) => data[i] !== byte)) throw new PngError("a PNG, got bytes with another beginning");
  const { kind, content } = chunkAt(data, 8);
  if (kind !== "IHDR" || content.length !== 13) throw new PngError("a PNG, got one without its header");
  const view = viewOf(content);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, color, packing, filtering, interlace] = content.subarray(8);
  if (!(width > 0 && width < 2 ** 31 && height > 0 && height < 2 ** 31)) throw new PngError(`a PNG with pixels, got one of ${width} x ${height}`);
  if (!Object.hasOwn(TYPES, color) || !TYPES[color][1].includes(depth) || packing || filtering || interlace > 1) {
    throw new PngError("a PNG, got one of a form that the format does not have");
  }
  if (depth === 16) throw new PngError("a PNG of 8 bits a channel, got one of 16, which 8 would round");
  return { width, height, depth, kind: color, interlaced: interlace === 1 };
}

/**
 * The pixels as [height, width, channels].
 * @param {Uint8Array} data @param {Header} header @param {string} color gray, rgb or rgba
 * @returns {Promise<Uint8Array>} @throws {PngError} the file is damaged, or holds colours that are not `color`'s
 */
export async function pixelsOf(data, header, color) {
  const { packed, palette, transparent } = chunksOf(data, header);
  const planes = inColor(planesOf(await samplesOf(packed, header), header, palette, transparent), color);
  const made = new Uint8Array(planes.length * planes[0].length);
  planes.forEach((plane, channel) => {
    for (let i = 0; i < plane.length; i++) made[i * planes.length + channel] = plane[i];
  });
  return made;
}

/** @param {Uint8Array} data */
function viewOf(data) {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

/** A chunk's type and content, and where the next one starts. @param {Uint8Array} data @param {number} start */
function chunkAt(data, start) {
  const early = new PngError("a whole PNG, got one that ends too early");
  if (start + 12 > data.length) throw early;
  const view = viewOf(data);
  const end = start + 8 + view.getUint32(start);
  if (end + 4 > data.length) throw early;
  const kind = String.fromCharCode(...data.subarray(start + 4, start + 8));
  if (crc(data.subarray(start + 4, end)) !== view.getUint32(end)) throw new PngError(`a PNG, got one that is damaged: the checksum of ${bytesShown(kind)} is another`);
  return { kind, content: data.subarray(start + 8, end), next: end + 4 };
}

/** As Python writes bytes. @param {string} kind */
function bytesShown(kind) {
  const shown = Array.from(kind, (c) => {
    const named = { "\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\" }[c];
    const code = c.charCodeAt(0);
    return named ?? (code >= 32 && code < 127 ? c : `\\x${code.toString(16).padStart(2, "0")}`);
  }).join("");
  return kind.includes("'") && !kind.includes('"') ? `b"${shown}"` : `b'${shown.replaceAll("'", "\\'")}'`;
}

/** @type {Uint32Array | null} */
let table = null;

/** CRC-32 of PNG's annex D. @param {Uint8Array} data */
function crc(data) {
  table ??= Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c;
  });
  let sum = 0xffffffff;
  for (let i = 0; i < data.length; i++) sum = table[(sum ^ data[i]) & 255] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

/** The packed rows, the palette and what is transparent. @param {Uint8Array} data @param {Header} header */
function chunksOf(data, header) {
  /** @type {Uint8Array[]} */
  const packed = [];
  let palette = new Uint8Array(0);
  /** @type {Uint8Array | null} */
  let transparent = null;
  let last = "";
  for (let start = chunkAt(data, 8).next; ; ) {
    const { kind, content, next } = chunkAt(data, start);
    start = next;
    if (kind === "IEND") break;
    if (kind === "IDAT") {
      if (packed.length > 0 && last !== "IDAT") throw new PngError("a PNG, got one whose pixels are in two places");
      packed.push(content);
    } else if (kind === "PLTE") {
      palette = /** @type {any} */ (content);
      if (packed.length > 0 || content.length % 3 || content.length === 0 || content.length > 3 * 2 ** header.depth) throw new PngError("a PNG, got one with a damaged palette");
    } else if (kind === "tRNS") transparent = content;
    else if (!(kind.charCodeAt(0) & 32)) throw new PngError(`a PNG, got one with a chunk ${bytesShown(kind)} that nothing here can read`);
    last = kind;
  }
  if (header.kind === PALETTE && palette.length === 0) throw new PngError("a PNG, got one without its palette");
  return { packed, palette, transparent };
}

/** Every sample of every pixel as a byte, in order. @param {Uint8Array[]} packed @param {Header} header */
async function samplesOf(packed, { width, height, depth, kind, interlaced }) {
  const [count] = TYPES[kind];
  const passes = (interlaced ? PASSES : [[0, 0, 1, 1]]).map(([x, y, dx, dy]) => {
    const columns = Math.ceil((width - x) / dx);
    return { x, y, dx, dy, columns, rows: columns > 0 ? Math.max(0, Math.ceil((height - y) / dy)) : 0, stride: Math.ceil((columns * count * depth) / 8) };
  });
  const raw = await unpacked(packed, passes.reduce((sum, { rows, stride }) => sum + rows * (stride + 1), 0));
  const made = new Uint8Array(width * height * count);
  const step = Math.max(1, (count * depth) >> 3);
  let start = 0;
  for (const { x, y, dx, dy, columns, rows, stride } of passes) {
    /** @type {Uint8Array} */
    let above = new Uint8Array(stride);
    for (let place = 0; place < rows; place++) {
      const row = raw.subarray(start + 1, start + 1 + stride);
      unfilter(raw[start], row, above, step);
      for (let i = 0; i < columns * count; i++) {
        const bit = i * depth;
        const sample = depth === 8 ? row[i] : (row[bit >> 3] >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
        const column = x + Math.floor(i / count) * dx;
        made[((y + place * dy) * width + column) * count + (i % count)] = sample;
      }
      above = row;
      start += stride + 1;
    }
  }
  return made;
}

/** No more than `length` bytes are ever held. @param {Uint8Array[]} packed @param {number} length @returns {Promise<Uint8Array>} */
async function unpacked(packed, length) {
  const raw = new Uint8Array(length);
  const holds = (/** @type {string} */ what) => new PngError(`a PNG, got one that holds ${what} than the pixels of its size`);
  const reader = new Blob(/** @type {any} */ (packed)).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  let at = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + value.length > length) throw holds("more");
      raw.set(value, at);
      at += value.length;
    }
  } catch (err) {
    if (err instanceof PngError) {
      reader.cancel().catch(() => {});
      throw err;
    }
    const { message } = /** @type {Error} */ (err);
    throw /truncat|unexpected end/i.test(message) ? holds("less") : new PngError(`a PNG, got one whose pixels do not unpack (${message})`);
  }
  if (at < length) throw holds("less");
  return raw;
}

/** In place. @param {number} kind @param {Uint8Array} row @param {Uint8Array} above @param {number} step bytes to the left neighbour */
function unfilter(kind, row, above, step) {
  if (kind > 4) throw new PngError(`a PNG, got one with a filter ${kind} that the format does not have`);
  if (kind === 0) return;
  for (let i = 0; i < row.length; i++) {
    const left = i >= step ? row[i - step] : 0;
    const up = above[i];
    if (kind === 1) row[i] += left;
    else if (kind === 2) row[i] += up;
    else if (kind === 3) row[i] += (left + up) >> 1;
    else row[i] += nearest(left, up, i >= step ? above[i - step] : 0);
  }
}

/** Paeth's predictor: the neighbour nearest to left + up - corner. @param {number} left @param {number} up @param {number} corner */
function nearest(left, up, corner) {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** Each channel of 8 bits. @param {Uint8Array} samples @param {Header} header @param {Uint8Array} palette @param {Uint8Array | null} transparent @returns {Uint8Array[]} */
function planesOf(samples, { kind, depth }, palette, transparent) {
  if (kind === PALETTE) {
    if (samples.some((sample) => 3 * sample >= palette.length)) throw new PngError("a PNG, got one with a pixel beyond its palette");
    const planes = [0, 1, 2].map((channel) => samples.map((sample) => palette[3 * sample + channel]));
    return transparent === null || transparent.length === 0 ? planes : [...planes, samples.map((sample) => transparent[sample] ?? 255)];
  }
  const [count] = TYPES[kind];
  const planes = Array.from({ length: count }, (_, channel) => Uint8Array.from({ length: samples.length / count }, (_, i) => samples[i * count + channel]));
  if (transparent !== null && (kind === GRAY || kind === RGB)) {
    if (transparent.length !== 2 * count) throw new PngError("a PNG, got one with a damaged transparency");
    const view = viewOf(transparent);
    planes.push(planes[0].map((_, i) => (planes.every((plane, channel) => plane[i] === view.getUint16(2 * channel)) ? 0 : 255)));
  }
  if (depth < 8) planes[0] = planes[0].map((sample) => (sample * 255) / (2 ** depth - 1));
  return planes;
}

/** @param {Uint8Array[]} planes @param {string} color */
function inColor(planes, color) {
  const alpha = planes.length % 2 === 0 ? /** @type {Uint8Array} */ (planes.pop()) : null;
  const inRgb = planes.length === 3 ? planes : [planes[0], planes[0], planes[0]];
  if (color === "rgba") return [...inRgb, alpha ?? new Uint8Array(planes[0].length).fill(255)];
  if (alpha !== null && alpha.some((value) => value !== 255)) throw new PngError(`a PNG in ${color}, got one with transparent pixels`);
  if (color === "rgb") return inRgb;
  if (planes.length === 3 && planes[0].some((value, i) => value !== planes[1][i] || value !== planes[2][i])) throw new PngError("a PNG in gray, got one with colours");
  return planes.slice(0, 1);
}
