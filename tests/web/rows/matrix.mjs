// Asks a bundle for `X` as a typed array: `node matrix.mjs WEB_FOLDER` with {x: numbers row by row} on stdin.
// Out: by the kind of array what predictTensors gave; each array is overwritten right after the call, and what it gave, too.

import { pathToFileURL } from "node:url";

let text = "";
for await (const part of process.stdin) text += part;
const { x } = JSON.parse(text);
const { load } = await import(pathToFileURL(`${process.argv[2]}/index.js`).href);
const numbers = x.map((value) => value ?? NaN);
const kinds = {
  own: () => Float64Array.from(numbers),
  shared: () => {
    const made = new Float64Array(new SharedArrayBuffer(8 * x.length));
    made.set(numbers);
    return made;
  },
  part: () => Float64Array.from([0, ...numbers, 0]).subarray(1, x.length + 1),
  float: () => Float32Array.from(numbers),
  plain: () => [...numbers],
};
const found = {};
for (const engine of ["rows", "tfjs"]) {
  const model = await load({ engine });
  for (const [kind, make] of Object.entries(kinds)) {
    const given = make();
    try {
      const asked = model.predictTensors({ X: given });
      const kept = Array.from(given);
      given.fill(1e6);
      const made = await asked;
      const shown = Object.fromEntries(Object.entries(made).map(([name, { data }]) => [name, Array.from(data, Number)]));
      for (const { data } of Object.values(made)) if (data instanceof Float64Array) data.fill(-1);
      found[`${engine} ${kind}`] = { made: shown, unchanged: kept.every((value, i) => Object.is(value, make()[i])), untouched: given.every((value) => value === 1e6) };
    } catch (err) {
      found[`${engine} ${kind}`] = { error: { name: err.name, row: err.row, column: err.column } };
    }
  }
}
console.log(JSON.stringify(found));
