// Row programs in JavaScript: `node rows.mjs <web/src>`, jobs on stdin, results on stdout.
// A job: {document, binary: base64 or null, rows: [{input: data in the encoding of golden values}], elements, products}.
// Every row is asked alone, then all at once: a result is the alone answers of each row, and whether both ways agree.

import { pathToFileURL } from "node:url";

const source = pathToFileURL(`${process.argv[2]}/`);
const { RowProgram } = await import(new URL("rows/program.js", source).href);
const { Board } = await import(new URL("rows/values.js", source).href);
const { OPERATORS } = await import(new URL("rows/operators.js", source).href);
const { decode, encode, stringify } = await import(new URL("golden.js", source).href);
const { allocate } = await import(new URL("value.js", source).href);

let text = "";
for await (const part of process.stdin) text += part;

function arrayOf(dtype, data) {
  const flat = decode(data);
  const made = allocate(dtype, flat.length);
  flat.forEach((x, i) => (made[i] = dtype === "int64" ? BigInt(x) : dtype === "int32" ? Number(x) : x));
  return made;
}

function joined(dtype, parts) {
  const made = allocate(dtype, parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) for (const x of part) made[at++] = x;
  return made;
}

const plain = (dtype, data) => encode(Array.from(data, (v) => (dtype === "bool" ? v === 1 : v)));

function answered({ document, binary = null, rows = [], elements, products }) {
  const bytes = binary === null ? null : Uint8Array.from(Buffer.from(binary, "base64")).buffer;
  const program = new RowProgram(document, bytes, new Board(elements, products));
  const given = rows.map((row) => program.inputs.map(({ name, dtype }) => arrayOf(dtype, row[name])));
  const alone = given.map((inputs) => program.answer(inputs, 1));
  const together = program.answer(program.inputs.map(({ dtype }, i) => joined(dtype, given.map((inputs) => inputs[i]))), rows.length);
  const same = program.outputs.every(({ dtype }, i) => {
    const apart = joined(dtype, alone.map((outputs) => outputs[i]));
    return apart.length === together[i].length && apart.every((x, k) => Object.is(x, together[i][k]));
  });
  const outputs = alone.map((row) => `[${program.outputs.map(({ dtype, shape }, i) => `{"dtype":"${dtype}","shape":[${shape}],"data":${stringify(plain(dtype, row[i]))}}`)}]`);
  return `{"same":${same},"rows":[${outputs}]}`;
}

const results = JSON.parse(text).map((job) => {
  const start = process.cpuUsage().user;
  try {
    return answered(job);
  } catch (err) {
    return JSON.stringify({ error: `${err.name}: ${err.message}`, seconds: (process.cpuUsage().user - start) / 1e6 });
  }
});
console.log(`{"operators":${JSON.stringify([...OPERATORS.keys()])},"results":[${results}]}`);
