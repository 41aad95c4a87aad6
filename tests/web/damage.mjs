// Takes parts out of a bundle's documents, one at a time, and says what `load`, `predict` and `selftest` make of it:
// `node damage.mjs <bundle folder>` with {file, rows} on stdin; prints [{path, name, message}] of each error.
// The files are served from memory, as fetch would bring them.

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

let text = "";
for await (const part of process.stdin) text += part;
const { file, rows } = JSON.parse(text);
const folder = pathToFileURL(`${process.argv[2]}/`);
const { load } = await import(new URL("index.js", folder).href);
const whole = JSON.parse(await readFile(new URL(file, folder), "utf8"));

let served = "";
globalThis.fetch = async (url) => {
  const name = new URL(url).pathname.slice(1);
  return new Response(name === file ? served : await readFile(new URL(name, folder)));
};

/** Every path to a part of the document, the first two of a list standing for all. */
function* paths(value, path = []) {
  if (path.length > 0) yield path;
  if (value === null || typeof value !== "object") return;
  const keys = Array.isArray(value) ? [...value.keys()].slice(0, 2) : Object.keys(value);
  for (const key of keys) yield* paths(value[key], [...path, key]);
}

const found = [];
for (const path of paths(whole)) {
  const document = structuredClone(whole);
  const parent = path.slice(0, -1).reduce((part, key) => part[key], document);
  if (Array.isArray(parent)) parent[path.at(-1)] = null;
  else delete parent[path.at(-1)];
  served = JSON.stringify(document);
  try {
    const model = await load({ baseUrl: "http://bundle.test/", backend: "cpu" });
    await model.predict(rows);
    await model.selftest();
    model.dispose();
    found.push({ path: path.join("."), name: null });
  } catch (err) {
    found.push({ path: path.join("."), name: err.name, message: err.message });
  }
}
console.log(JSON.stringify(found));
