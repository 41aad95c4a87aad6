// The page's CSV: `node csv.mjs <web/src>`; {text, signature} and {table} cases on stdin, and {typed, dtype} of the form.
// A text is read whole and in pieces of several sizes, and what comes of it has to be the same.

import { pathToFileURL } from "node:url";

const source = pathToFileURL(`${process.argv[2]}/`);
const module = (path) => import(new URL(path, source).href);
const { Block } = await module("page/files/block.js");
const { CsvReader } = await module("page/files/csv.js");
const { Decoder } = await module("page/files/encoding.js");
const { csvLine, freeNames } = await module("page/files/written.js");
const { numberFrom } = await module("page/form.js");
const { signatureFrom } = await module("manifest.js");

let input = "";
for await (const part of process.stdin) input += part;
const { text, signature = { layout: "columns", columns: [] }, table, made, typed, dtype, endless } = JSON.parse(input);

/** Everything that is read of a file in pieces of so many bytes. */
function read(bytes, piece) {
  const parsed = signatureFrom(signature);
  const block = new Block(parsed);
  const reader = new CsvReader(parsed, block);
  const decoder = new Decoder();
  const out = { rows: [], cells: [], written: [], refused: [], lines: [] };
  for (let at = 0; at === 0 || at < bytes.length; at += piece) {
    const last = at + piece >= bytes.length;
    const { text, ascii } = decoder.decode(bytes.subarray(at, at + piece), last);
    for (const { rows, slots, places, lines, refusals, text: own, cells } of reader.read(text, ascii, last)) {
      for (let row = 0; row < rows; row++) {
        out.cells.push(cells(row));
        out.written.push(own(row));
        out.lines.push(lines[row]);
        const refusal = refusals.get(row);
        if (refusal) out.refused.push({ row: block.first + row, ...refusal });
        else {
          const value = ({ data, step, offset }) => data[slots[row] * step + offset];
          const shown = (x) => (x !== x ? null : Object.is(x, Infinity) ? "infinity" : x);
          out.rows.push(Object.fromEntries(parsed.columns.map(({ name }, j) => [name, shown(value(places[j]))])));
        }
      }
    }
  }
  return { header: reader.header, separator: reader.separator, ...out };
}

/** The same however it is cut; UTF-32's mark needs four bytes. */
function readInPieces(bytes) {
  const attempt = (piece) => {
    try {
      return JSON.stringify(read(bytes, piece));
    } catch (err) {
      if (err.name !== "InputError") throw err;
      return JSON.stringify({ error: err.message, name: err.name });
    }
  };
  const whole = attempt(bytes.length + 1);
  for (const piece of [4, 5, 7, 16, 100, 1000]) {
    if (attempt(piece) !== whole) throw new Error(`in pieces of ${piece} bytes: ${attempt(piece)}, whole: ${whole}`);
  }
  return JSON.parse(whole);
}

const out = {};
if (typed) out.numbers = typed.map((words) => numberFrom(words, { dtype }));
if (table) out.csv = table.map((row) => `${csvLine(row)}\n`).join("");
if (endless) {
  // A piece after the other, as of a file that is larger than memory.
  const parsed = signatureFrom(signature);
  const reader = new CsvReader(parsed, new Block(parsed));
  try {
    for (out.pieces = 0; out.pieces < 1000; out.pieces++) for (const _ of reader.read(out.pieces === 0 ? `x\n${endless}` : "y".repeat(2 ** 20), null, false));
  } catch (err) {
    Object.assign(out, { error: err.message, name: err.name });
  }
}
if (text !== undefined) Object.assign(out, readInPieces(new TextEncoder().encode(text)));
if (made) out.titles = freeNames(out.header, made);
console.log(JSON.stringify(out));
