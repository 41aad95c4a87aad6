// Pictures as inputs: `node pixels.mjs <web folder>` with [{spec, rgba, width, height, ends}, ...] on stdin; {picture, tensor} of each.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const { pictureOf, tensorFromPixels } = await import(pathToFileURL(join(process.argv[2], "tensors", "pixels.js")).href);
const made = JSON.parse(readFileSync(0, "utf8")).map(({ spec, rgba, width, height, ends = [0, 1] }) => {
  const picture = pictureOf({ image: null, ...spec });
  if (picture === null || rgba === undefined) return { picture };
  const { shape, data } = tensorFromPixels(picture, Uint8ClampedArray.from(rgba), width, height, ends);
  return { picture, tensor: { shape, kind: data.constructor.name, data: Array.from(data) } };
});
console.log(JSON.stringify(made));
