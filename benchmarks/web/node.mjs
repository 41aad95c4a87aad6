// `node node.mjs FOLDER MODULES PACKAGES ROUNDS`, {model: [kinds that it lacks]} on stdin: the run in Node, as JSON.

import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { measured } from "./measure.mjs";

const [folder, modules, packages, rounds] = process.argv.slice(2);
let text = "";
for await (const part of process.stdin) text += part;
const bytes = async (url) => new Uint8Array(await readFile(new URL(url)));
const tools = {
  bytes,
  json: async (url) => JSON.parse(new TextDecoder().decode(await bytes(url))),
  ort: createRequire(join(modules, "x.js"))("onnxruntime-web"),
  ydf: null,
};
try {
  tools.ydf = await createRequire(join(packages, "node_modules", "x.js"))("ydf-inference")();
} catch {
  // It is not installed: models have no form of it then.
}
console.info = console.warn = () => {};
const found = {};
for (const [name, without] of Object.entries(JSON.parse(text))) {
  process.stderr.write(`node: ${name}\n`);
  found[name] = await measured(pathToFileURL(join(folder, name)).href, without, tools, Number(rounds));
}
console.log(JSON.stringify({ version: process.version, found }));
process.exit();
