// The JavaScript side of the vectors: `node vectors.mjs <web/src>` prints what web/src makes of each of them.
// Errors cross as {refused: {...}}, so that Python compares both sides with the same expectations.

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const source = pathToFileURL(`${process.argv[2]}/`);
const module = (name) => import(new URL(name, source).href);
const vectors = async (name) => JSON.parse(await readFile(new URL(`./${name}`, import.meta.url), "utf8"));
const refusal = ({ name, message, row, column, input, index, seen, expected }) => ({
  refused: { name, message, row, column, seen, expected, ...(input ? { input, index } : {}) },
});

const { compared, tieMargin } = await module("agreement.js");
const { textFromFile } = await module("page/files/encoding.js");
const { decode, encode, stringify } = await module("golden.js");
const { manifestFromText, signatureFrom } = await module("manifest.js");
const { check, checkNames } = await module("tensors/contract.js");
const { floatsOf } = await module("tensors/float16.js");
const { tensorFromNested } = await module("tensors/nested.js");
const { inputsOf } = await module("tensors/signature.js");
const { inputsFromRows } = await module("validate.js");

/** A decoded golden value in the terms of golden_values.json. */
function terms(value) {
  if (value === null) return { missing: true };
  if (typeof value === "boolean") return { bool: value };
  if (typeof value === "bigint") return { int64: value.toString() };
  if (typeof value === "string") return { string: Array.from(value, (c) => c.codePointAt(0)) };
  if (Number.isNaN(value)) return { double: "nan" };
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return { double: view.getBigUint64(0).toString(16).padStart(16, "0") };
}

const attempt = (work) => {
  try {
    return work();
  } catch (err) {
    return refusal(err);
  }
};

const { cases, plain_integers: integers, refused } = await vectors("golden_values.json");
const golden = [...cases, ...integers].map(({ encoded }) => {
  const decoded = decode(encoded);
  return { terms: terms(decoded), again: terms(decode(JSON.parse(stringify(encode(decoded))))) };
});
const goldenRefused = refused.map((value) => attempt(() => ({ accepted: terms(decode(value)) })));

// Each manifest's own text counts: 1 and 1.0 are different classes. The file keeps one manifest a line.
const lines = (await readFile(new URL("./manifests.json", import.meta.url), "utf8")).split("\n");
const manifests = lines
  .filter((line) => line.startsWith('     "manifest": '))
  .map((line) => line.replace('     "manifest": ', "").replace(/\},?$/, ""))
  .map((text) => attempt(() => ({ keys: manifestFromText(text).outputs.at(-1).keys })));

const ofTensors = await vectors("tensors.json");
const tensors = [...ofTensors.accepted, ...ofTensors.refused].map(({ manifest }) =>
  attempt(() => inputsOf(manifestFromText(JSON.stringify(manifest)))),
);

/** A value of a tensor in the terms of golden_values.json. */
const element = (dtype, value) =>
  dtype === "bool" ? { bool: value === 1 } : typeof value === "bigint" || dtype.includes("int") ? { int64: String(value) } : terms(value);
const calls = (await vectors("tensor_calls.json")).cases.map(({ inputs, call }) =>
  attempt(() => {
    const expected = inputsOf({ signature: { inputs }, outputs: [] });
    checkNames(Object.keys(call), expected);
    const read = new Map(expected.map((spec) => [spec.name, tensorFromNested(spec, call[spec.name])]));
    check(read, expected);
    const shown = [...read].map(([name, { dtype, shape, data }]) => {
      const values = Array.from(dtype === "float16" ? floatsOf(data) : data, (value) => element(dtype, value));
      return [name, { shape, values }];
    });
    return { tensors: Object.fromEntries(shown) };
  }),
);

const rows = (await vectors("rows.json")).cases.map(({ signature, rows }) =>
  attempt(() => {
    const inputs = inputsFromRows(rows, signatureFrom(signature));
    const columns = {};
    signature.columns.forEach(({ name, dtype }, j) => {
      const { data, shape } = inputs.get(signature.layout === "matrix" ? "X" : name);
      const own = Array.from(data).filter((_, i) => i % shape[1] === (signature.layout === "matrix" ? j : 0));
      Object.defineProperty(columns, name, { value: own.map((v) => (dtype === "bool" ? { bool: v === 1 } : terms(v))), enumerable: true });
    });
    return { columns };
  }),
);

// All that is wrong with them, in words.
const { problemsIn } = await module("explain.js");
const { problemsIn: problemsInCall } = await module("tensors/explain.js");
const messages = (problems) => problems.map(({ message }) => message);
const explained = {
  rows: (await vectors("rows.json")).cases.map(({ signature, rows }) => messages(problemsIn(rows, signatureFrom(signature)))),
  calls: await Promise.all(
    (await vectors("tensor_calls.json")).cases.map(async ({ inputs, call }) =>
      messages(await problemsInCall(call, inputsOf({ signature: { inputs }, outputs: [] }), tensorFromNested)),
    ),
  ),
};

const encodings = (await vectors("encodings.json")).cases.map(({ bytes }) =>
  attempt(() => ({ text: textFromFile(Uint8Array.from(Buffer.from(bytes, "hex")).buffer) })),
);

const parts = ([atol, rtol]) => ({ atol, rtol, reason: "" });
const agreement = await vectors("agreement.json");
const agreed = agreement.compared.map(({ kind, dtype, tolerance, got, want }) => {
  const element = dtype === "bool" ? Number(got) : decode(got); // as value.js holds it
  return compared({ kind, dtype }, parts(tolerance), element, decode(want));
});
const ties = agreement.ties.map(({ outputs, tolerances, precision }) =>
  tieMargin(
    outputs.map(([name, kind]) => ({ name, kind })),
    Object.fromEntries(Object.entries(tolerances).map(([name, pair]) => [name, parts(pair)])),
    precision,
  ),
);

console.log(JSON.stringify({ golden, goldenRefused, manifests, tensors, calls, rows, compared: agreed, ties, encodings, explained }));
