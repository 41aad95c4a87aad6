// Drives a bundle in Node: `node predict.mjs <bundle folder or index.js>` with JSON on stdin, JSON on stdout.
// In: {options, batches: [rows, ...], together, selftest, own, columns: [object, ...]}.
// Out: {engine, backend, answers, tensors, columns, selftest} or {error}.
// own: "npm" passes the TF.js of web/node_modules to load; "weak webgl" a TF.js on a device with 16-bit floats.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

let text = "";
for await (const part of process.stdin) text += part;
const { options = {}, batches = [], together = false, selftest = false, own = null, columns = [] } = JSON.parse(text);

const plain = (err) => ({ error: { name: err.name, message: err.message, row: err.row, column: err.column } });

try {
  if (own === "npm") {
    const require = createRequire(new URL("../../web/package.json", import.meta.url));
    options.tf = { ...require("@tensorflow/tfjs-core"), ...require("@tensorflow/tfjs-converter") };
    require("@tensorflow/tfjs-backend-cpu");
    options.tf.env().set("IS_NODE", false); // it would advertise tfjs-node
  }
  if (own === "weak webgl") {
    options.tf = { ready: async () => {}, getBackend: () => "webgl", env: () => ({ getBool: () => false }) };
  }
  const { load } = await import(pathToFileURL(process.argv[2]).href);
  const model = await load(options);
  const answers = [];
  const settle = (promise) => promise.then((ok) => ({ ok }), plain);
  if (together) answers.push(...(await Promise.all(batches.map((rows) => settle(model.predict(rows))))));
  else for (const rows of batches) answers.push(await settle(model.predict(rows)));
  const shown = (made) =>
    Object.fromEntries(Object.entries(made).map(([name, { dtype, shape, data }]) =>
      [name, { dtype, shape, kind: data.constructor.name, data: Array.from(data, (v) => (typeof v === "bigint" ? String(v) : v)) }]));
  const tensors = batches.length > 0 && answers[0].ok ? shown(await model.predictTensors(batches[0])) : {};
  const byColumn = [];
  for (const given of columns) byColumn.push(await settle(model.predictTensors(given).then(shown)));
  const verdict = selftest ? await model.selftest() : null;
  model.dispose();
  console.log(JSON.stringify({ engine: model.engine, backend: model.backend, answers, tensors, columns: byColumn, selftest: verdict }));
} catch (err) {
  console.log(JSON.stringify(plain(err)));
}
