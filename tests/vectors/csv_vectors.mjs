// The page's side of csv.json: `node csv_vectors.mjs <web/src>` prints what web/src makes of each case.

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const source = pathToFileURL(`${process.argv[2]}/`);
const module = (name) => import(new URL(name, source).href);
const { Block } = await module("page/files/block.js");
const { CsvReader } = await module("page/files/csv.js");
const { csvLine, flatNames, freeNames } = await module("page/files/written.js");
const { manifestFromText, signatureFrom } = await module("manifest.js");

const vectors = JSON.parse(await readFile(new URL("./csv.json", import.meta.url), "utf8"));
const signature = signatureFrom(vectors.signature);

function read({ text }) {
  const reader = new CsvReader(signature, new Block(signature));
  const rows = [];
  const refused = [];
  try {
    for (const block of reader.read(text.replace(/^\ufeff/, ""), null, true)) {
      for (let row = 0; row < block.rows; row++) {
        const refusal = block.refusals.get(row);
        const value = ({ data, step, offset }) => data[block.slots[row] * step + offset];
        const shown = (x) => (x !== x ? null : x);
        if (refusal) refused.push({ row: block.first + row, ...refusal });
        else rows.push(Object.fromEntries(signature.columns.map(({ name }, j) => [name, shown(value(block.places[j]))])));
      }
    }
  } catch (err) {
    return { message: err.message };
  }
  return { rows, refused };
}

/** Classes as Python writes them: a manifest's own text says whether 1 is 1.0. */
const lines = (await readFile(new URL("./csv.json", import.meta.url), "utf8")).split("\n");
const nameLines = lines.slice(lines.indexOf(' "names": [') + 1).filter((line) => line.startsWith("  {"));
const names = vectors.names.map(({ header }, i) => {
  const outputs = nameLines[i].slice(nameLines[i].indexOf('"outputs": ') + 11, nameLines[i].indexOf(', "header"'));
  const manifest = `{"format": 1, "name": "m", "version": "1", "digest": "d", "signature": ${JSON.stringify(vectors.signature)}, "outputs": ${outputs}, "tolerances": {}, "encoder": null, "provenance": {}, "files": {}}`;
  return freeNames(header, flatNames(manifestFromText(manifest).outputs));
});
console.log(JSON.stringify({
  read: vectors.read.map(read),
  refused: vectors.refused.map(read),
  files: vectors.files.map(read),
  written: vectors.written.map(({ cells }) => csvLine(cells)),
  names,
}));
