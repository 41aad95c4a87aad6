// The evaluator of web/src in Node: one JSON request a line on stdin, one answer a line on stdout.
// {document, binary} opens a program, binary in base64; {inputs: [data of each input, as golden values]} asks it for a row.
// Every row is asked once more, in one call with the row before it: the bits must be the same.

import { createInterface } from "node:readline";
import { decode, encode, stringify } from "../../web/src/golden.js";
import { RowProgram } from "../../web/src/rows/program.js";
import { allocate } from "../../web/src/value.js";

let program = null;
let before = null;

function filled(dtype, parts) {
  const made = allocate(dtype, parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) for (const x of part) made[at++] = dtype === "int64" ? BigInt(x) : dtype === "string" ? x : Number(x);
  return made;
}

function answer({ document, binary, inputs }) {
  if (document) {
    program = new RowProgram(document, Uint8Array.from(Buffer.from(binary, "base64")).buffer);
    before = null;
    return { inputs: program.inputs.map(({ name }) => name) };
  }
  const given = program.inputs.map(({ dtype }, i) => filled(dtype, [decode(inputs[i])]));
  const alone = program.answer(given, 1);
  if (before !== null && program.mostRows > 1) {
    const both = program.answer(program.inputs.map(({ dtype }, i) => filled(dtype, [before.given[i], given[i]])), 2);
    const same = both.every((data, i) => data.every((x, k) => Object.is(x, k < alone[i].length ? before.alone[i][k] : alone[i][k - alone[i].length])));
    if (!same) throw new Error("two rows in one call have other bits than each alone");
  }
  before = { given, alone };
  return { outputs: program.outputs.map(({ name, dtype, shape }, i) => ({ name, dtype, shape, data: Array.from(alone[i], (x) => (dtype === "bool" ? x === 1 : dtype === "int32" ? BigInt(x) : x)) })) };
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  let text;
  try {
    const { outputs = [], ...rest } = answer(JSON.parse(line));
    text = JSON.stringify(rest).slice(0, -1) + `${Object.keys(rest).length ? "," : ""}"outputs":[${outputs.map(({ data, ...kind }) => `${JSON.stringify(kind).slice(0, -1)},"data":${stringify(encode(data))}}`)}]}`;
  } catch (err) {
    text = JSON.stringify({ error: `${err.name}: ${err.message}` });
  }
  process.stdout.write(`${text}\n`);
}
