/**
 * The web form as a session of a bundle: program.json around the TF.js graph of model.json. Its modules and TF.js are
 * loaded when a bundle is opened so.
 */

import { BundleError } from "../errors.js";
import { graphFrom } from "./graph.js";
import { feedFrom, lookUp, programFrom, run, valueFromFetch } from "../program.js";
import { sizeOf, value } from "../value.js";

/**
 * @typedef {import("../value.js").Value} Value
 * @typedef {import("../manifest.js").Manifest} Manifest
 */

/** Estimators' graphs are right on each. */
const EVERY = ["cpu", "wasm", "webgl", "webgpu"];
/** Rows that go through the graph at once, and the bytes that their inputs may take there. */
const CHUNK_ROWS = 1024;
const CHUNK_BYTES = 64 * 1024 * 1024;

/**
 * @param {any} document program.json @param {(name: string) => Promise<ArrayBuffer>} read
 * @param {(name: string) => Promise<ArrayBuffer>} fetched as it comes @param {Manifest} manifest
 * @param {import("./backend.js").Wanted} backend @param {any} [tf] the caller's own
 * @throws {BundleError} a file is missing, damaged or of a newer format
 * @throws {import("../errors.js").BackendError} the backend asked for is not there
 */
export async function webFormSession(document, read, fetched, manifest, backend, tf) {
  const program = await programFrom(document, () => read("program.bin"));
  for (const { name } of manifest.outputs) {
    if (!Object.hasOwn(program.outputs, name)) throw new BundleError(`program.json makes no output ${JSON.stringify(name)}, which the manifest promises`);
  }
  const graph = program.fetches.length === 0 ? null : await graphFrom(read, fetched, backend, EVERY, tf);
  return new WebFormSession(program, graph, manifest);
}

/** The contract of `index.js`. */
class WebFormSession {
  engine = /** @type {const} */ ("tfjs");
  #program;
  #graph;
  #outputs;

  /** @param {import("../program.js").Program} program @param {import("./graph.js").Graph | null} graph @param {Manifest} manifest */
  constructor(program, graph, { outputs, tolerances }) {
    this.#program = program;
    this.#graph = graph;
    this.#outputs = outputs;
    /** float32 where the manifest has tolerances for it. */
    this.precision = Object.values(tolerances).some(({ float32 }) => float32) ? "float32" : "double";
    this.mostRows = mostRows(program.feeds);
  }

  get graph() {
    return this.#graph;
  }

  get backend() {
    return this.#graph?.backend ?? "javascript";
  }

  /** Every output for so many rows. @param {Map<string, Value>} values the inputs; steps add theirs @param {number} rows at most `mostRows` */
  async answer(values, rows) {
    const { constants, prefix, suffix, outputs } = this.#program;
    run(prefix, constants, values);
    if (this.#graph !== null) await compute(this.#graph, this.#program, values);
    run(suffix, constants, values);
    return new Map(this.#outputs.map((output) => [output.name, conforming(lookUp(outputs[output.name], constants, values), output, rows)]));
  }

  /** Frees the graph's weights. */
  dispose() {
    this.#graph?.dispose();
  }
}

/**
 * Reads the feeds from `values` and adds the fetches to it.
 * @param {import("./graph.js").Graph} graph @param {import("../program.js").Program} program @param {Map<string, Value>} values
 */
async function compute(graph, { feeds, fetches, constants }, values) {
  const fed = feeds.map((feed) => {
    const from = values.get(feed.from) ?? constants.get(feed.from);
    if (from === undefined) throw new BundleError(`the program makes no ${JSON.stringify(feed.from)} for the graph`);
    return { name: feed.name, dtype: feed.dtype, ...feedFrom(from, feed) };
  });
  const read = await graph.execute(fed, fetches);
  fetches.forEach((fetched, i) => values.set(fetched.to, valueFromFetch(read[i].data, read[i].shape, fetched.dtype)));
}

/**
 * A value in the dtype and shape that the manifest promises.
 * @param {Value} x @param {import("../manifest.js").Output} output @param {number} rows
 */
function conforming(x, output, rows) {
  const shape = output.shape.map((length) => (length === "N" ? rows : Number(length)));
  const real = (/** @type {string} */ dtype) => dtype === "double" || dtype === "float";
  const whole = (/** @type {string} */ dtype) => dtype === "int64" || dtype === "int32";
  const dtype = /** @type {import("../value.js").DType} */ (output.dtype);
  if (shape.length !== x.shape.length || shape.some((length, i) => length !== x.shape[i])) {
    throw new BundleError(`output ${output.name} is [${x.shape}], the manifest says [${shape}]`);
  }
  if (x.dtype === dtype) return x;
  // The graph's float32 stands for the model's double.
  if (real(x.dtype) && dtype === "double") return value(dtype, shape, x.data);
  if (whole(x.dtype) && dtype === "int64") return value(dtype, shape, BigInt64Array.from(x.data, BigInt));
  throw new BundleError(`output ${output.name} is ${x.dtype}, the manifest says ${dtype}`);
}

/** @param {import("../program.js").Feed[]} feeds */
function mostRows(feeds) {
  const perRow = feeds.reduce((sum, { shape }) => sum + 4 * sizeOf(shape.map((length) => (length === "N" ? 1 : Number(length)))), 1);
  return Math.max(1, Math.min(CHUNK_ROWS, Math.floor(CHUNK_BYTES / perRow)));
}
