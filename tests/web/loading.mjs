// Loads a bundle in Node, watched: `node loading.mjs <index.js>`; prints progress, what giving up ends in, and problems.

import { pathToFileURL } from "node:url";

const { load } = await import(pathToFileURL(process.argv[2]).href);
let text = "";
for await (const part of process.stdin) text += part;
const { rows } = JSON.parse(text);

const seen = [];
const model = await load({ onProgress: (progress) => seen.push(progress) });
const given = new AbortController();
const waiting = load({ engine: "tfjs", signal: given.signal }).catch((err) => err);
given.abort(new RangeError("enough"));
const early = await waiting;
const before = await load({ signal: AbortSignal.abort() }).catch((err) => err.name);
process.stdout.write(JSON.stringify({
  seen,
  early: [early.name, early.message],
  before,
  problems: await model.explainInput(rows),
  one: await model.explainInput(rows[0]),
}));
