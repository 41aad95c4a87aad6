// Asks a bundle of tensors in Node: `node ask.mjs <index.js>` with JSON on stdin, JSON on stdout.
// In: {options, predict: [inputs, ...], tensors: [{name: {dtype, shape, data}}, ...], bare, changed, selftest}.
// bare: typed arrays alone. changed: the caller's arrays are filled with 1 at once. Out: {model, predicted, made, selftest} or {error}.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { dataFrom, dataOf } from "../../../export/isoship/parity/js/tensors.mjs";

const { options = {}, predict = [], tensors = [], bare = false, changed = false, selftest = false } = JSON.parse(readFileSync(0, "utf8"));
const plain = ({ name, message, input, index, seen, expected }) => ({ error: { name, message, input, index, seen, expected } });
const refill = (array) => array.fill(typeof array[0] === "bigint" ? 1n : 1);
const settle = (promise) => promise.then((ok) => ({ ok }), plain);
const shown = (made) =>
  Object.fromEntries(Object.entries(made).map(([name, { dtype, shape, data }]) => [name, { dtype, shape, kind: data.constructor.name, data: dataOf(data) }]));

try {
  const { load } = await import(pathToFileURL(process.argv[2]).href);
  const model = await load(options);
  const predicted = [];
  for (const inputs of predict) predicted.push(await settle(model.predict(inputs)));
  const made = [];
  for (const call of tensors) {
    const given = Object.entries(call).map(([name, { dtype, shape, data }]) => {
      const array = dataFrom(dtype, data);
      return [name, bare ? array : { data: array, shape }];
    });
    const answer = settle(model.predictTensors(Object.fromEntries(given)).then(shown));
    if (changed) for (const [, one] of given) refill(one.data ?? one);
    made.push(await answer);
  }
  const verdict = selftest ? await model.selftest() : null;
  model.dispose();
  console.log(JSON.stringify({ model: { engine: model.engine, backend: model.backend, inputs: model.inputs.map(({ name }) => name) }, predicted, made, selftest: verdict }));
} catch (err) {
  console.log(JSON.stringify(plain(err)));
}
