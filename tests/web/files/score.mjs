// Files scored in Node: `node score.mjs <web/src>`, {bundle, path, pieces} or {numbers: [lists]} on stdin: of a file the answers in
// pieces of so many bytes, of numbers their histogram, as JSON.

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const source = pathToFileURL(`${process.argv[2]}/`);
const module = (path) => import(new URL(path, source).href);
const { load } = await module("index.js");
const { score } = await module("page/files/score.js");
const { NumberTally } = await module("page/files/tally.js");

let text = "";
for await (const part of process.stdin) text += part;
const { bundle, path, pieces, numbers } = JSON.parse(text);
if (numbers) {
  const charts = numbers.map((list) => {
    const tally = new NumberTally({ name: "value", kind: "value", dtype: "double", shape: ["N"], classes: null, keys: null });
    for (let at = 0; at < list.length; at += 7) tally.add(Float64Array.from(list.slice(at, at + 7), (x) => x ?? NaN), Math.min(7, list.length - at));
    return tally.chart();
  });
  console.log(JSON.stringify(charts));
} else {
  const model = await load({ baseUrl: pathToFileURL(`${bundle}/web/`) });
  const file = new Blob([await readFile(path)]);
  const made = [];
  for (const piece of pieces) {
    const { blob, rows, refused, refusals, chart } = await score(model, file, "rows.csv", { piece });
    made.push({ csv: await blob.text(), rows, refused, refusals, chart });
  }
  console.log(JSON.stringify(made));
}
