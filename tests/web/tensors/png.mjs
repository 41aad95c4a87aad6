// PNGs by JavaScript: `node png.mjs <web folder>` with [[base64, color], ...] on stdin; {pixels: base64} or {refused} of each.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const { headerOf, pixelsOf } = await import(pathToFileURL(join(process.argv[2], "tensors", "png.js")).href);
const made = [];
for (const [text, color] of JSON.parse(readFileSync(0, "utf8"))) {
  const data = Uint8Array.from(Buffer.from(text, "base64"));
  try {
    made.push({ pixels: Buffer.from(await pixelsOf(data, headerOf(data), color)).toString("base64") });
  } catch (err) {
    made.push({ refused: err.message, name: err.constructor.name });
  }
}
console.log(JSON.stringify(made));
