// Every way to ask a model in JavaScript, in Node and in a page: `open(kind, base, tools)` -> {one, many}.
//
// one(i): row i alone; many(): all rows. Both give flat numbers, at once or as a promise, and take what a caller has: the
// doubles as one array or as columns, or rows as objects. These are made ready before, and nothing else is.

export const KINDS = ["rows", "rows, objects", "tfjs", "standard", "ours", "ydf", "m2cgen"];

/**
 * @param {string} kind @param {string} base URL of the model's folder
 * @param {{json: (url: string) => Promise<any>, bytes: (url: string) => Promise<Uint8Array>, ort: any, ydf: any}} tools
 */
export async function open(kind, base, tools) {
  const asked = await tools.json(`${base}/rows.json`);
  if (kind === "rows" || kind === "rows, objects" || kind === "tfjs") return ours(kind, base, asked);
  if (kind === "standard" || kind === "ours") return onnx(await tools.bytes(`${base}/${kind}.onnx`), kind, asked, tools.ort);
  if (kind === "ydf") return ydf(await tools.bytes(`${base}/ydf.zip`), asked, tools.ydf);
  const { score } = await import(`${base}/m2cgen.mjs`);
  const list = matrix(asked);
  return { one: (i) => [score(list[i])].flat(), many: () => list.flatMap((row) => score(row)) };
}

/** Columns as arrays, of some rows. */
function columnsOf({ columns, x, table, count }, from = 0, to = count) {
  const width = columns.length;
  return columns.map((name, j) => (table ? table[name].slice(from, to) : Array.from({ length: to - from }, (_, i) => x[(from + i) * width + j])));
}

function matrix({ columns, x, count }) {
  return Array.from({ length: count }, (_, i) => x.slice(i * columns.length, (i + 1) * columns.length));
}

async function ours(kind, base, asked) {
  const { load } = await import(`${base}/web/index.js`);
  const model = await load({ engine: kind === "tfjs" ? "tfjs" : "rows" });
  const { columns, x, table, count, output } = asked;
  if (kind === "rows, objects") {
    const lists = columnsOf(asked);
    const rows = Array.from({ length: count }, (_, i) => Object.fromEntries(columns.map((name, j) => [name, lists[j][i]])));
    const flat = (made) => made.flatMap((row) => (output === "value" ? row.value : Object.values(row.probabilities)));
    return { one: (i) => model.predict([rows[i]]).then(flat), many: () => model.predict(rows).then(flat), flat: true };
  }
  const given = (from, to) =>
    table ? Object.fromEntries(columns.map((name, j) => [name, columnsOf(asked, from, to)[j]])) : { X: Float64Array.from(x.slice(from * columns.length, to * columns.length)) };
  const singles = Array.from({ length: count }, (_, i) => given(i, i + 1));
  const all = given(0, count);
  const flat = (made) => made[output].data;
  return { one: async (i) => flat(await model.predictTensors(singles[i])), many: async () => flat(await model.predictTensors(all)) };
}

async function onnx(bytes, kind, asked, ort) {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(bytes);
  const { columns, x, count } = asked;
  const width = columns.length;
  const [dtype, Real] = kind === "standard" ? ["float32", Float32Array] : ["float64", Float64Array];
  const tensor = (values, shape) =>
    typeof values[0] === "string" ? new ort.Tensor("string", values, shape) : new ort.Tensor(dtype, values instanceof Real ? values : new Real(values), shape);
  // As ours: arrays in, doubles or texts. What it takes beyond them is its to make, in its time.
  const given = (from, to) => (x ? Float64Array.from(x.slice(from * width, to * width)) : columnsOf(asked, from, to));
  const feeds = (arrays, rows) =>
    x ? { X: tensor(arrays, [rows, width]) } : Object.fromEntries(arrays.map((values, j) => [columns[j], tensor(values, [rows, 1])]));
  const singles = Array.from({ length: count }, (_, i) => given(i, i + 1));
  const all = given(0, count);
  const output = session.outputNames.at(-1); // labels come first
  const run = async (arrays, rows) => (await session.run(feeds(arrays, rows), [output]))[output].data;
  return { one: (i) => run(singles[i], 1), many: () => run(all, count) };
}

async function ydf(bytes, asked, library) {
  const model = await library.loadModelFromZipBlob(bytes);
  const features = model.getInputFeatures().map(({ name }) => name);
  const given = (from, to) => Object.fromEntries(columnsOf(asked, from, to).map((values, j) => [features[j], values]));
  const singles = Array.from({ length: asked.count }, (_, i) => given(i, i + 1));
  const all = given(0, asked.count);
  // Of two classes it gives the second one's share.
  const flat = (made) => (asked.output === "value" ? made : made.flatMap((p) => [1 - p, p]));
  return { one: (i) => flat(model.predict(singles[i])), many: () => flat(model.predict(all)) };
}
