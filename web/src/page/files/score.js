/**
 * A file of rows, answered: read in pieces, asked in blocks, written to parts of a Blob, so that memory does not grow with
 * the file. It runs in a worker of the page (worker.js), and in Node as well.
 */

import { Block } from "./block.js";
import { Answers } from "./answers.js";
import { CsvReader } from "./csv.js";
import { Decoder } from "./encoding.js";
import { refuseOthers } from "./kinds.js";

/** Bytes that are read at once. */
const PIECE = 2 ** 22;
/** Milliseconds between two words on how far it is. */
const BETWEEN = 100;

/**
 * @typedef {{bytes: number, total: number, rows: number, refused: number}} Progress
 * @typedef {{blob: Blob, header: string[], made: string[], preview: import("./answers.js").Preview[], rows: number, refused: number,
 *   refusals: {row: number, line: number, words: string}[], chart: any, left: string[]}} Scored `made`: the model's columns; `left`:
 *   columns of the file that the answers do not hold
 */

/**
 * @param {import("../../index.js").Model} model @param {Blob} file @param {string} name of the file
 * @param {{onProgress?: (progress: Progress) => void, signal?: AbortSignal, piece?: number}} [options]
 * @returns {Promise<Scored>}
 * @throws {InputError} it is no table that this model can be asked, or every row is refused
 */
export async function score(model, file, name, { onProgress = () => {}, signal, piece = PIECE } = {}) {
  const first = await file.slice(0, piece).arrayBuffer();
  const isParquet = refuseOthers(new Uint8Array(first).subarray(0, 16), name);
  const answers = new Answers(model);
  let told = performance.now();
  const between = async (/** @type {number} */ bytes) => {
    signal?.throwIfAborted();
    if (performance.now() - told < BETWEEN) return;
    onProgress({ bytes, total: file.size, rows: answers.rows, refused: answers.refused });
    told = performance.now();
  };
  if (isParquet) {
    const { readParquet } = await import("./parquet.js");
    return answers.end(await readParquet(file, model.manifest.signature, answers, between));
  }
  await readCsv(file, first, model, answers, between, piece);
  return answers.end([]);
}

/**
 * @param {Blob} file @param {ArrayBuffer} first its first piece @param {import("../../index.js").Model} model @param {Answers} answers
 * @param {(bytes: number) => Promise<void>} between called between two blocks @param {number} piece bytes
 */
async function readCsv(file, first, model, answers, between, piece) {
  const decoder = new Decoder();
  const reader = new CsvReader(model.manifest.signature, new Block(model.manifest.signature));
  /** @type {Promise<ArrayBuffer>} */
  let next = Promise.resolve(first);
  for (let at = 0; ; at += piece) {
    const bytes = new Uint8Array(await next);
    const last = at + piece >= file.size;
    if (!last) next = file.slice(at + piece, at + 2 * piece).arrayBuffer(); // on its way while this one is answered
    const { text, ascii } = decoder.decode(bytes, last);
    for (const block of reader.read(text, ascii, last)) {
      if (answers.header === null) answers.open(reader.header);
      await answers.add(block);
      await between(at + reader.share * bytes.length);
    }
    if (answers.header === null && reader.header.length > 0) answers.open(reader.header);
    if (last) return;
  }
}

