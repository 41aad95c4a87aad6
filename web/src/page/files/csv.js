/**
 * CSV, read in pieces: RFC 4180, separated by commas, or by semicolons where the header has no comma. An empty line is no
 * row. The twin of `isoship_edge.encoding.rows_of_files`; both pass tests/vectors/csv.json.
 *
 * Columns are read where they lie, from codes of characters into arrays: no cell that is a plain number, or a text that
 * was seen before, becomes an object of its own.
 */

import { InputError } from "../../errors.js";
import { expectedOf, got, listed, quoted } from "../../words.js";
import { ROWS, refusalFrom } from "./block.js";
import { NUMBER, valueFromText } from "./cells.js";
import { csvLine } from "./written.js";

const [LF, CR, SPACE, QUOTE, PLUS, MINUS, POINT, ZERO, EQUALS, AT] = [10, 13, 32, 34, 43, 45, 46, 48, 61, 64];
/** Powers of ten that a double holds. */
const TENS = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`));
const EXACT = 2 ** 53;
/** A cell in quotes may be so long; what goes on lacks its end. */
const LONGEST = 2 ** 24;
/** What a line must not hold to be written as it stands. */
const ODD = /[;\t][\s\x1c-\x1f\x85]*[=+\-@]|"/;
/** What is done with a column: it is carried, or it is the model's. */
const [CARRIED, NUMBERS, TEXTS, OTHERS] = [0, 1, 2, 3];

export class CsvReader {
  /** @type {string[]} */
  header = [];
  separator = ",";
  /** Rows of the blocks before. */
  rows = 0;
  /** How much of a piece the blocks so far hold. */
  share = 0;
  #signature;
  #block;
  #opened = false;
  #rest = "";
  #line = 1;
  /** Of each column of the file: what is done, its place in the signature, the texts seen. @type {{kind: number, j: number, seen: Texts | null}[]} */
  #columns = [];
  /** Whether a line can be written as it stands. */
  #plain = new Uint8Array(ROWS);

  /** @param {import("../../manifest.js").Signature} signature @param {import("./block.js").Block} block which is filled again and again */
  constructor(signature, block) {
    this.#signature = signature;
    this.#block = block;
  }

  /**
   * The rows of a piece and of what was left of the one before.
   * @param {string} piece @param {Uint8Array | null} ascii its bytes, where each is a character @param {boolean} last
   * @returns {Generator<import("./block.js").Block>} the same block each time
   * @throws {InputError} no header, one without the model's columns, a quote that is not closed or that something stands behind
   */
  *read(piece, ascii, last) {
    let text = this.#rest + piece;
    let codes = ascii !== null && this.#rest === "" ? ascii : null;
    if (last && text !== "" && !/[\r\n]$/.test(text)) {
      text += "\n";
      codes = null;
    }
    // A line end may be the first half of one.
    const known = !last && text.endsWith("\r") ? text.length - 1 : text.length;
    const end = Math.max(text.lastIndexOf("\n", known - 1), text.lastIndexOf("\r", known - 1)) + 1;
    /** @type {ArrayLike<number>} */
    const all = codes ?? codesOf(text);
    let at = 0;
    if (!this.#opened && (end > 0 || last)) {
      at = this.#open(text, all, end, last);
      if (at < 0) return this.#keep(text, 0, last);
    }
    if (!this.#opened) return this.#keep(text, 0, last);
    const marks = [";", "\t", '"'].some((mark) => text.includes(mark));
    const block = this.#block;
    const { starts, ends } = block;
    const carried = this.separator === ",";
    block.ascii = codes;
    block.stands = (row) => carried && this.#plain[row] === 1 && !(marks && ODD.test(text.slice(starts[row], ends[row])));
    block.cells = (row) => this.#fitted(this.#cells(text, starts[row], ends[row]));
    block.text = (row) => (block.stands(row) ? text.slice(starts[row], ends[row]) : csvLine(block.cells(row)));
    while (at < end) {
      block.clear(this.rows);
      const before = at;
      at = this.#fill(text, all, at, end);
      this.rows += block.rows;
      this.share = at / text.length;
      if (block.rows > 0) yield block;
      if (at === before || block.rows < ROWS) break;
    }
    this.#keep(text, at, last);
  }

  /** @param {string} text @param {number} at @param {boolean} last */
  #keep(text, at, last) {
    this.#rest = text.slice(at);
    if (last && !this.#opened && this.#rest === "") throw new InputError("the file is empty; its first line must name the columns");
    if (this.#rest === "") return;
    if (last) throw new InputError(`line ${this.#line}: the file ends inside a cell in quotes that begins there`);
    if (this.#rest.length > LONGEST && this.#rest.includes('"')) {
      throw new InputError(`line ${this.#line}: a cell in quotes that begins there does not end within ${LONGEST >> 20} million characters; is a quote not closed?`);
    }
    if (this.#rest.length > LONGEST) throw new InputError(`line ${this.#line} is longer than ${LONGEST >> 20} million characters: this is no CSV file`);
  }

  /** Reads the header. @param {string} text @param {ArrayLike<number>} codes @param {number} end @param {boolean} last @returns {number} where rows begin, -1 where it goes on */
  #open(text, codes, end, last) {
    if (text === "") return -1;
    const first = text.slice(0, text.search(/[\r\n]|$/));
    this.separator = !first.includes(",") && first.includes(";") ? ";" : ",";
    let at = 0;
    while (at < end && codes[at] !== LF && codes[at] !== CR) {
      at = codes[at] === QUOTE ? this.#afterQuotes(text, codes, at, 0) : this.#afterPlain(codes, at, this.separator.charCodeAt(0));
      if (at < 0 || at >= end) return -1;
      if (codes[at] !== LF && codes[at] !== CR) at++;
    }
    if (at >= end) return -1;
    this.header = this.#cells(text, 0, at).map((cell) => cell ?? "");
    this.#line += linesIn(text.slice(0, at));
    if (codes[at] === CR && codes[at + 1] === LF) at++;
    this.#line++;
    this.#opened = true;
    this.#takeHeader(first);
    return at + 1;
  }

  /** @param {string} first the line as it stands */
  #takeHeader(first) {
    const { header } = this;
    const { columns } = this.#signature;
    const twice = header.find((name, i) => header.indexOf(name) < i);
    if (twice !== undefined) throw new InputError(`the file names the column ${quoted(twice)} twice`, { column: twice });
    const absent = columns.map(({ name }) => name).filter((name) => !header.includes(name));
    if (absent.length > 0) {
      const tabs = header.length === 1 && first.includes("\t") ? ". It looks separated by tabs: save it with commas or semicolons" : "";
      throw new InputError(`the file lacks the columns ${listed(absent)}; it has ${listed(header)}${tabs}`, { column: absent[0] });
    }
    this.#columns = header.map((name) => {
      const j = columns.findIndex((column) => column.name === name);
      const dtype = columns[j]?.dtype;
      const kind = j < 0 ? CARRIED : dtype === "double" ? NUMBERS : dtype === "string" ? TEXTS : OTHERS;
      return { kind, j, seen: kind === TEXTS ? new Texts() : null };
    });
  }

  /**
   * Fills the block with whole rows.
   * @param {string} text @param {ArrayLike<number>} codes @param {number} at @param {number} end behind the last line end
   * @returns {number} where the next row begins
   */
  #fill(text, codes, at, end) {
    const block = this.#block;
    const columns = this.#columns;
    const separator = this.separator.charCodeAt(0);
    const places = block.places;
    const width = columns.length;
    const modelColumns = this.#signature.columns;
    while (at < end && block.rows < ROWS) {
      const start = at;
      let code = codes[at];
      if (code === LF || code === CR) {
        at += code === CR && codes[at + 1] === LF ? 2 : 1;
        this.#line++;
        continue;
      }
      let plain = 1;
      let inside = 0;
      /** @type {import("./block.js").Refusal | null} */
      let refusal = null;
      let refused = modelColumns.length; // the place of the column
      let k = 0;
      const slot = block.asked;
      for (; ; k++, at++) {
        const from = at;
        code = codes[at];
        const known = k < width ? columns[k] : EXTRA;
        if (code === QUOTE) {
          plain = 0;
          at = this.#afterQuotes(text, codes, at, start);
          if (at < 0 || at >= end) return start; // its line's end is not there yet
          inside += linesIn(text.slice(from, at));
          if (known.kind !== CARRIED) {
            const fault = this.#take(text.slice(from + 1, at - 1).replaceAll('""', '"'), known.j);
            if (fault !== null && known.j < refused) [refusal, refused] = [fault, known.j];
          }
        } else if (known.kind === NUMBERS) {
          let negative = false;
          if (code === MINUS || code === PLUS) {
            negative = code === MINUS;
            code = codes[++at];
          }
          let number = 0;
          let places10 = 0;
          let first = at;
          while (code >= ZERO && code <= 57) {
            number = number * 10 + (code - ZERO);
            code = codes[++at];
          }
          let digits = at - first;
          if (code === POINT) {
            code = codes[++at];
            first = at;
            while (code >= ZERO && code <= 57) {
              number = number * 10 + (code - ZERO);
              code = codes[++at];
            }
            places10 = at - first;
            digits += places10;
          }
          const { data, step, offset } = places[known.j];
          if (digits > 0 && (code === separator || code === LF || code === CR)) {
            // Both are exact, so one division rounds once: what `Number` gives.
            if (number < EXACT && places10 <= 22) {
              if (places10 > 0) number /= TENS[places10];
              if (negative) number = -number;
            } else number = Number(text.slice(from, at));
            data[slot * step + offset] = number;
          } else if (at === from && (code === separator || code === LF || code === CR)) data[slot * step + offset] = NaN;
          else {
            at = this.#afterPlain(codes, at, separator);
            const cell = text.slice(from, at);
            if (!NUMBER.test(cell)) plain = 0;
            const fault = this.#take(cell, known.j);
            if (fault !== null && known.j < refused) [refusal, refused] = [fault, known.j];
          }
        } else {
          if (code <= SPACE ? code !== LF && code !== CR : code === EQUALS || code === PLUS || code === MINUS || code === AT || isSpace(code)) plain = 0;
          if (known.seen !== null) {
            let hash = 0;
            while (code !== separator && code !== LF && code !== CR) {
              hash = (Math.imul(hash, 31) + code) | 0;
              code = codes[++at];
            }
            if (at > from) places[known.j].data[slot] = known.seen.find(text, codes, from, at, hash);
            else block.put(known.j, valueFromText(null, modelColumns[known.j]));
          } else {
            while (code !== separator && code !== LF && code !== CR) code = codes[++at];
            if (known.kind === OTHERS) {
              const fault = this.#take(at > from ? text.slice(from, at) : null, known.j);
              if (fault !== null && known.j < refused) [refusal, refused] = [fault, known.j];
            }
          }
        }
        if (codes[at] !== separator) break;
      }
      if (k + 1 !== width) {
        const message = `${k + 1} cells under ${width} columns`;
        refusal = { column: null, seen: null, expected: null, message };
        plain = 0;
      }
      const row = block.rows;
      block.starts[row] = start;
      block.ends[row] = at;
      this.#plain[row] = plain;
      block.end(this.#line, refusal);
      this.#line += inside + 1;
      at += codes[at] === CR && codes[at + 1] === LF ? 2 : 1;
    }
    return at;
  }

  /** A cell of the model's that is neither plain nor empty. @param {string | null} cell @param {number} j @returns {import("./block.js").Refusal | null} */
  #take(cell, j) {
    const column = this.#signature.columns[j];
    try {
      const value = valueFromText(cell, column);
      if (typeof value === "string" && column.dtype !== "string") {
        return { column: column.name, seen: got(value), expected: expectedOf(column), message: "" };
      }
      this.#block.put(j, value);
      return null;
    } catch (err) {
      return refusalFrom(err);
    }
  }

  /** Behind a cell without quotes. @param {ArrayLike<number>} codes @param {number} at @param {number} separator */
  #afterPlain(codes, at, separator) {
    let code = codes[at];
    while (code !== separator && code !== LF && code !== CR) code = codes[++at];
    return at;
  }

  /**
   * Behind a cell in quotes; -1 where its end is not there yet.
   * @param {string} text @param {ArrayLike<number>} codes @param {number} at of its first quote @param {number} start of its row
   */
  #afterQuotes(text, codes, at, start) {
    const from = at;
    do {
      at = text.indexOf('"', at + 1);
      if (at < 0 || at + 1 >= text.length) return -1;
      at++;
    } while (codes[at] === QUOTE);
    const code = codes[at];
    if (code !== LF && code !== CR && code !== this.separator.charCodeAt(0)) {
      const line = this.#line + linesIn(text.slice(start, at));
      throw new InputError(`line ${line}: something stands behind the quotes of a cell: ${quoted(text.slice(from, at + 1))}`);
    }
    return at;
  }

  /** The cells of a line, null for an empty one that is not in quotes. @param {string} text @param {number} at @param {number} end @returns {(string | null)[]} */
  #cells(text, at, end) {
    /** @type {(string | null)[]} */
    const cells = [];
    for (; ; at++) {
      if (text.charCodeAt(at) === QUOTE && at < end) {
        const from = at + 1;
        do at = text.indexOf('"', at + 1) + 1;
        while (text.charCodeAt(at) === QUOTE);
        cells.push(text.slice(from, at - 1).replaceAll('""', '"'));
      } else {
        const next = text.indexOf(this.separator, at);
        const to = next < 0 || next > end ? end : next;
        cells.push(to === at ? null : text.slice(at, to));
        at = to;
      }
      if (at >= end) return cells;
    }
  }

  /** As many cells as the header has. @param {(string | null)[]} cells */
  #fitted(cells) {
    if (cells.length === this.header.length) return cells;
    return this.header.map((_, i) => cells[i] ?? null);
  }
}

const EXTRA = { kind: CARRIED, j: -1, seen: null };

/** Texts that come again are one string, which V8 has hashed: a lookup by it is quick. */
class Texts {
  #held = /** @type {string[]} */ (new Array(4096).fill(""));

  /** @param {string} text @param {ArrayLike<number>} codes @param {number} from @param {number} to @param {number} hash */
  find(text, codes, from, to, hash) {
    const place = (hash ^ (hash >>> 12) ^ (hash >>> 24)) & 4095;
    const held = this.#held[place];
    if (held.length === to - from) {
      let i = 0;
      while (i < held.length && held.charCodeAt(i) === codes[from + i]) i++;
      if (i === held.length) return held;
    }
    const made = text.slice(from, to);
    if (made.length <= 64) this.#held[place] = made;
    return made;
  }
}

/** Characters that a cell may begin with before a formula, beyond ASCII. @param {number} code */
function isSpace(code) {
  return code >= 0x85 && /[\s\x85]/.test(String.fromCharCode(code));
}

/** @param {string} text */
function codesOf(text) {
  const codes = new Uint16Array(text.length);
  for (let i = 0; i < codes.length; i++) codes[i] = text.charCodeAt(i);
  return codes;
}

/** @param {string} text */
function linesIn(text) {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
}
