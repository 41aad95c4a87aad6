// Runs single operators: `node ops.mjs <web/src>`, cases on stdin, results on stdout.
// A case: {op, attrs, inputs: [{dtype, shape, data} or null], outputs: n}; data in the encoding of golden values.

import { pathToFileURL } from "node:url";

const source = pathToFileURL(`${process.argv[2]}/`);
const { programFrom, run } = await import(new URL("program.js", source).href);
const { encode, stringify } = await import(new URL("golden.js", source).href);
const { OPS } = await import(new URL("ops/registry.js", source).href);

let text = "";
for await (const part of process.stdin) text += part;

const results = [];
for (const { op, attrs, inputs, constants = {}, outputs } of JSON.parse(text)) {
  const names = inputs.map((input, i) => (input === null ? "" : `in${i}`));
  const made = Array.from({ length: outputs }, (_, i) => `out${i}`);
  try {
    const held = { ...constants };
    inputs.forEach((input, i) => input && (held[`in${i}`] = input));
    const program = await programFrom({ format: 1, constants: held, prefix: [{ op, attrs, inputs: names, outputs: made }], outputs: {} });
    const values = new Map();
    run(program.prefix, program.constants, values);
    results.push(made.map((name) => {
      const { dtype, shape, data } = values.get(name);
      return { dtype, shape, data: encode(Array.from(data, (v) => (dtype === "bool" ? v === 1 : dtype === "int32" ? BigInt(v) : v))) };
    }));
  } catch (err) {
    results.push({ error: `${err.name}: ${err.message}` });
  }
}
const written = results.map((r) => (Array.isArray(r) ? `[${r.map(({ dtype, shape, data }) => `{"dtype":"${dtype}","shape":[${shape}],"data":${stringify(data)}}`)}]` : JSON.stringify(r)));
console.log(`{"ops":${JSON.stringify([...OPS.keys()])},"results":[${written}]}`);
