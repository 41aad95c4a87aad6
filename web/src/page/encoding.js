/**
 * The encoding of a file of rows: UTF-8, or UTF-16 where its byte order mark says so. Nothing else is guessed.
 * The twin of `isoship_edge.encoding.file_encoding`; both pass tests/vectors/encodings.json.
 */

import { InputError } from "../errors.js";

const WAY_OUT = 'Save it as UTF-8 ("CSV UTF-8" in spreadsheets)';
/** @type {[number[], string][]} UTF-32's marks begin as UTF-16's do */
const MARKS = [
  [[0xff, 0xfe, 0, 0], "UTF-32"],
  [[0, 0, 0xfe, 0xff], "UTF-32"],
  [[0xff, 0xfe], "utf-16le"],
  [[0xfe, 0xff], "utf-16be"],
];

/**
 * The text of a file, without its byte order mark.
 * @param {ArrayBuffer} buffer @returns {string}
 * @throws {InputError} it is no text of those encodings
 */
export function textFromFile(buffer) {
  const bytes = new Uint8Array(buffer);
  const encoding = MARKS.find(([mark]) => mark.every((byte, i) => bytes[i] === byte))?.[1] ?? "utf-8";
  if (encoding === "UTF-32") throw new InputError(`the file is UTF-32. ${WAY_OUT}`);
  let text;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    if (encoding !== "utf-8") throw new InputError(`the file is damaged UTF-16. ${WAY_OUT}`);
    throw new InputError(`the file is not UTF-8 (line ${lineOfFault(bytes)}). ${WAY_OUT}`);
  }
  if (text.includes("\0")) throw new InputError(`the file holds NUL, as UTF-16 without a byte order mark does. ${WAY_OUT}`);
  return text;
}

/** The line, counted from 1, in which bytes stop to be UTF-8: the shortest beginning that no end can make whole. @param {Uint8Array} bytes */
function lineOfFault(bytes) {
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
  let lines = 1;
  for (let i = 0; i < Math.min(sound, bytes.length); i++) if (bytes[i] === 10) lines++;
  return lines;
}
