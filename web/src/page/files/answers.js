/**
 * Blocks of rows to answers, and answers to CSV: parts of a Blob, which the browser keeps where it likes.
 *
 * A row that the model refuses does not end the file. It is counted, the first ones are named, and once there is one the
 * file of answers has a column `_error`.
 *
 * @typedef {{own: any[], made: string[], error: string}} Preview a row for the screen
 */

import { InputError } from "../../errors.js";
import { wordsOf } from "./block.js";
import { tallyFor } from "./tally.js";
import { Bytes } from "./bytes.js";
import { cellOf, csvCell, csvLine, flatNames, freeNames } from "./written.js";

/** Bytes of a part, about. */
const PART = 2 ** 22;
const PREVIEW = 200;
const NAMED = 10;
const ERROR = "_error";

export class Answers {
  rows = 0;
  refused = 0;
  /** The file's own columns, once they are known. @type {string[] | null} */
  header = null;
  #model;
  #tally;
  #dtype = "";
  #made;
  #out = new Bytes(PART);
  /** @type {Blob[]} */
  #parts = [];
  /** @type {Preview[]} */
  #preview = [];
  /** @type {{row: number, line: number, words: string}[]} */
  #refusals = [];

  /** @param {import("../../index.js").Model} model */
  constructor(model) {
    this.#model = model;
    const { outputs } = model.manifest;
    this.#tally = tallyFor(outputs);
    this.#made = flatNames(outputs);
  }

  /** @param {string[]} header of the file */
  open(header) {
    this.header = header;
    this.#made = freeNames(header, this.#made);
  }

  /** @param {import("./block.js").Block} block whose rows follow those before */
  async add(block) {
    const answered = await this.#ask(block);
    if (block.refusals.size > 0 && this.refused === 0) await this.#addColumn();
    this.refused += block.refusals.size;
    this.rows += block.rows;
    const { outputs } = this.#model.manifest;
    const columns = outputs.map(({ name }) => {
      const { data, shape, dtype } = answered?.[name] ?? { data: [], shape: [0, 0], dtype: "string" };
      return { data, width: shape.slice(1).reduce((product, length) => product * length, 1), cell: cellOf(dtype) };
    });
    const out = this.#out;
    const end = this.refused > 0 ? ",\n" : "\n";
    for (let row = 0; row < block.rows; row++) {
      const slot = block.slots[row];
      if (block.ascii !== null && block.stands(row)) out.copy(block.ascii, block.starts[row], block.ends[row]);
      else out.text(block.text(row));
      if (slot < 0) out.text(`${",".repeat(this.#made.length)},${csvCell(this.#note(block, row))}\n`);
      else {
        for (let o = 0; o < columns.length; o++) {
          const { data, width, cell } = columns[o];
          for (let i = slot * width; i < slot * width + width; i++) out.cell(cell(data[i]));
        }
        out.text(end);
      }
    }
    for (let row = 0; row < block.rows && this.#preview.length < PREVIEW; row++) this.#preview.push(previewOf(block, row, columns));
    if (out.length >= PART) this.#endPart();
  }

  /** The outputs of the block's rows that are not refused. @param {import("./block.js").Block} block */
  async #ask(block) {
    const model = this.#model;
    for (let sifted = false; block.asked > 0; sifted = true) {
      try {
        const made = await model.predictTensors(block.given());
        if (this.#tally !== null) {
          const { data, dtype } = made[this.#tally.output.name];
          this.#dtype = dtype;
          this.#tally.add(data, block.asked);
        }
        return made;
      } catch (err) {
        if (sifted || !(err instanceof InputError)) throw err;
        block.sift();
      }
    }
    return null;
  }

  /** What is said of a refused row. @param {import("./block.js").Block} block @param {number} row */
  #note(block, row) {
    const words = wordsOf(/** @type {import("./block.js").Refusal} */ (block.refusals.get(row)));
    if (this.#refusals.length < NAMED) this.#refusals.push({ row: block.first + row, line: block.lines[row], words });
    return words;
  }

  #endPart() {
    this.#parts.push(new Blob([this.#out.taken()]));
  }

  /** An empty cell behind every row that was written. */
  async #addColumn() {
    this.#endPart();
    for (let i = 0; i < this.#parts.length; i++) this.#parts[i] = new Blob([withEmptyCell(await this.#parts[i].text())]);
  }

  /**
   * @param {string[]} left columns of the file that the answers do not hold @returns {import("./score.js").Scored}
   * @throws {InputError} every row is refused
   */
  end(left) {
    const header = this.header ?? [];
    if (this.refused > 0 && this.refused === this.rows) {
      const [{ row, line, words }] = this.#refusals;
      throw new InputError(`the model refuses every row of the file (${this.rows}); the first, ${placeOf(row, line)}: ${words}`);
    }
    const made = this.refused > 0 ? [...this.#made, ...freeNames([...header, ...this.#made], [ERROR])] : this.#made;
    this.#endPart();
    const blob = new Blob([`${csvLine([...header, ...made])}\n`, ...this.#parts], { type: "text/csv" });
    const chart = this.rows > this.refused ? (this.#tally?.chart(this.#dtype) ?? null) : null;
    return { blob, header, made, preview: this.#preview, rows: this.rows, refused: this.refused, refusals: this.#refusals, chart, left };
  }
}

/** @param {number} row counted from 0, as everywhere @param {number} line */
export function placeOf(row, line) {
  return line > 0 ? `row ${row} (line ${line})` : `row ${row}`;
}

/** @param {import("./block.js").Block} block @param {number} row @param {{data: any, width: number, cell: (x: any) => string | number}[]} columns @returns {Preview} */
function previewOf(block, row, columns) {
  const slot = block.slots[row];
  const refusal = block.refusals.get(row);
  const made = slot < 0 ? [] : columns.flatMap(({ data, width, cell }) =>
    Array.from({ length: width }, (_, i) => {
      const x = data[slot * width + i];
      return typeof x === "string" ? (cell(x) === "" ? "" : x) : String(cell(x));
    }));
  return { own: block.cells(row), made, error: refusal === undefined ? "" : wordsOf(refusal) };
}

/** CSV of ours with an empty cell at the end of each row. @param {string} text */
function withEmptyCell(text) {
  if (!text.includes('"')) return text.replaceAll("\n", ",\n");
  let made = "";
  let quotes = 0; // of the row so far: an odd number is inside a cell
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\n", at) + 1;
    const line = text.slice(at, end);
    quotes += line.split('"').length - 1;
    made += quotes % 2 === 0 ? `${line.slice(0, -1)},\n` : line;
    at = end;
  }
  return made;
}
