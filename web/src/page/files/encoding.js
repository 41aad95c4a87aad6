/**
 * The encoding of a file of rows: UTF-8, or UTF-16 where its byte order mark says so. Nothing else is guessed.
 * The twin of `isoship_edge.encoding.file_encoding`; both pass tests/vectors/encodings.json.
 */

import { InputError } from "../../errors.js";

const WAY_OUT = 'Save it as UTF-8 ("CSV UTF-8" in spreadsheets)';
/** @type {[number[], string][]} UTF-32's marks begin as UTF-16's do */
const MARKS = [
  [[0xff, 0xfe, 0, 0], "UTF-32"],
  [[0, 0, 0xfe, 0xff], "UTF-32"],
  [[0xff, 0xfe], "utf-16le"],
  [[0xfe, 0xff], "utf-16be"],
];

const LF = 10;

/** Bytes of a file, piece by piece, as text without its byte order mark. The first piece holds four bytes, if the file does. */
export class Decoder {
  #encoding = "";
  #decoder = new TextDecoder();
  /** The start of a character whose rest is in the next piece. */
  #rest = new Uint8Array(0);
  #lines = 1;

  /**
   * @param {Uint8Array} piece @param {boolean} last
   * @returns {{text: string, ascii: Uint8Array | null}} `ascii`: the text's own bytes, where all of it is ASCII
   * @throws {InputError} it is no text of those encodings
   */
  decode(piece, last) {
    if (this.#encoding === "") this.#open(piece);
    const utf8 = this.#encoding === "utf-8";
    let bytes = piece;
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + piece.length);
      bytes.set(this.#rest);
      bytes.set(piece, this.#rest.length);
      this.#rest = new Uint8Array(0);
    }
    if (utf8 && !last) {
      // Whole lines, where there is one: who reads them then has their bytes, too.
      const whole = bytes.lastIndexOf(LF) + 1 || wholeCharacters(bytes);
      this.#rest = bytes.slice(whole);
      bytes = bytes.subarray(0, whole);
    }
    let text;
    try {
      text = this.#decoder.decode(bytes, { stream: !last });
    } catch {
      if (!utf8) throw new InputError(`the file is damaged UTF-16. ${WAY_OUT}`);
      throw new InputError(`the file is not UTF-8 (line ${this.#lines + linesBeforeFault(bytes)}). ${WAY_OUT}`);
    }
    if (text.includes("\0")) throw new InputError(`the file holds NUL, as UTF-16 without a byte order mark does. ${WAY_OUT}`);
    if (utf8) for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#lines++;
    return { text, ascii: utf8 && bytes.length === text.length ? bytes : null };
  }

  /** @param {Uint8Array} bytes the first */
  #open(bytes) {
    this.#encoding = MARKS.find(([mark]) => mark.every((byte, i) => bytes[i] === byte))?.[1] ?? "utf-8";
    if (this.#encoding === "UTF-32") throw new InputError(`the file is UTF-32. ${WAY_OUT}`);
    this.#decoder = new TextDecoder(this.#encoding, { fatal: true });
  }
}

/**
 * The text of a file that is there whole.
 * @param {ArrayBuffer} buffer @returns {string}
 * @throws {InputError} as `Decoder`
 */
export function textFromFile(buffer) {
  return new Decoder().decode(new Uint8Array(buffer), true).text;
}

/** How many bytes hold whole characters: a last one may lack its rest. @param {Uint8Array} bytes */
function wholeCharacters(bytes) {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if (byte < 0x80) break;
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** The line ends before bytes stop to be UTF-8: the shortest beginning that no end can make whole. @param {Uint8Array} bytes */
function linesBeforeFault(bytes) {
  let [sound, faulty] = [0, bytes.length + 1]; // an end in the middle of a character is a fault of the whole alone
  while (faulty - sound > 1) {
    const middle = (sound + faulty) >> 1;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      sound = middle;
    } catch {
      faulty = middle;
    }
  }
  let lines = 0;
  for (let i = 0; i < Math.min(sound, bytes.length); i++) if (bytes[i] === 10) lines++;
  return lines;
}
