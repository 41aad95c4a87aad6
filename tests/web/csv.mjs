// The page's CSV: `node csv.mjs <web/src>`; {text, signature} and {table} cases on stdin, and {typed, dtype} of the form.

import { pathToFileURL } from "node:url";

const source = pathToFileURL(`${process.argv[2]}/`);
const { cellsFromCsv, csvFromCells, rowsFromCells, titlesBeside } = await import(new URL("page/csv.js", source).href);
const { numberFrom } = await import(new URL("page/form.js", source).href);
const { signatureFrom } = await import(new URL("manifest.js", source).href);

let input = "";
for await (const part of process.stdin) input += part;
const { text, signature, table, made, typed, dtype } = JSON.parse(input);
try {
  const out = {};
  if (typed) out.numbers = typed.map((words) => numberFrom(words, { dtype }));
  if (table) out.csv = csvFromCells(table);
  if (text !== undefined) {
    out.cells = cellsFromCsv(text);
    if (made) out.titles = titlesBeside(out.cells[0], made);
    if (signature) out.rows = rowsFromCells(out.cells[0], out.cells.slice(1), signatureFrom(signature));
  }
  console.log(JSON.stringify(out));
} catch (err) {
  console.log(JSON.stringify({ error: err.message, name: err.name }));
}
