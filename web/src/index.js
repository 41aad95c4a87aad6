/**
 * Runs an isoship bundle in a page, a worker or Node.
 *
 *     import { load } from "./index.js";
 *     const model = await load();
 *     await model.predict([{ age: 39, city: "Oslo" }]);   // what POST /predict answers under "predictions"
 */

import { BundleError } from "./errors.js";
import { predictionsFrom } from "./encode.js";
import { jsonFrom, placesOf, readBytes, readerOf } from "./files.js";
import { graphFrom } from "./graph.js";
import { manifestFromBytes } from "./manifest.js";
import { lookUp, programFrom, run } from "./program.js";
import { selftest } from "./selftest.js";
import { allocate, sizeOf, value } from "./value.js";
import { inputsFromRows } from "./validate.js";

export { BackendError, BundleError, InputError, IsoshipError } from "./errors.js";
export { loadInWorker } from "./worker-client.js";

/** Rows that go through the graph at once, and the bytes that their inputs may take there. */
const CHUNK_ROWS = 1024;
const CHUNK_BYTES = 64 * 1024 * 1024;

/**
 * Loads the bundle around this file, or the one at `baseUrl`.
 *
 * @param {{baseUrl?: string | URL, backend?: import("./backend.js").BackendName, tf?: any}} [options]
 *   `tf`: your own TF.js (core and converter in one namespace) instead of the one in the bundle
 * @returns {Promise<Model>}
 * @throws {BundleError} a file is missing, damaged or of a newer format
 * @throws {BackendError} the backend asked for is not there
 */
export async function load({ baseUrl, backend = "auto", tf } = {}) {
  const place = placesOf(baseUrl, import.meta.url);
  const listed = readBytes(place("manifest.json")).then(manifestFromBytes);
  const read = readerOf(place, listed);
  const [manifest, program] = await Promise.all([
    listed,
    read("program.json").then((bytes) => programFrom(jsonFrom(bytes, "program.json"), () => read("program.bin"))),
  ]);
  if (manifest.encoder !== null) throw new BundleError("this bundle needs an encoder in front, which this runtime does not have");
  for (const { name } of manifest.outputs) {
    if (!Object.hasOwn(program.outputs, name)) throw new BundleError(`program.json makes no output ${JSON.stringify(name)}, which the manifest promises`);
  }
  const graph = program.fetches.length === 0 ? null : await graphFrom(read, place, backend, tf);
  return new Model(read, manifest, program, graph);
}

class Model {
  #read;
  #program;
  #graph;

  /**
   * @param {(name: string) => Promise<ArrayBuffer>} read @param {import("./manifest.js").Manifest} manifest
   * @param {import("./program.js").Program} program @param {import("./graph.js").Graph | null} graph
   */
  constructor(read, manifest, program, graph) {
    this.manifest = manifest;
    this.form = program.form;
    /** "javascript" where the whole model runs without TF.js. */
    this.backend = graph?.backend ?? "javascript";
    this.#read = read;
    this.#program = program;
    this.#graph = graph;
  }

  /**
   * One object a row, exactly what HTTP answers under `predictions`.
   * @param {Record<string, any>[]} rows
   * @returns {Promise<Record<string, any>[]>}
   * @throws {InputError} a row that the model's input contract refuses; nothing is answered then
   */
  async predict(rows) {
    const count = rows?.length; // now: the caller's array may change while the answer is on its way
    return predictionsFrom(this.manifest.outputs, await this.#answer(rows), count);
  }

  /**
   * Every output as one typed array: Float64Array, Float32Array, BigInt64Array, Uint8Array, or an array of strings.
   * @param {Record<string, any>[]} rows
   * @returns {Promise<Record<string, {dtype: string, shape: number[], data: any}>>}
   * @throws {InputError}
   */
  async predictTensors(rows) {
    const values = await this.#answer(rows);
    return Object.fromEntries(
      this.manifest.outputs.map(({ name }) => {
        const { dtype, shape, data } = lookUp(name, NONE, values);
        return [name, { dtype, shape, data: dtype === "float" ? Float32Array.from(data) : data }];
      }),
    );
  }

  /**
   * Replays the golden rows that travel with the bundle.
   * @returns {Promise<import("./selftest.js").Selftest>}
   */
  async selftest() {
    return selftest(this.manifest, jsonFrom(await this.#read("golden.json"), "golden.json"), (rows) => this.#answer(rows));
  }

  /** Frees the graph's weights. */
  dispose() {
    this.#graph?.dispose();
  }

  /** @param {any} rows @returns {Promise<Map<string, import("./value.js").Value>>} */
  async #answer(rows) {
    const inputs = inputsFromRows(rows, this.manifest.signature);
    const count = rows.length;
    const size = chunkSize(this.#program.feeds);
    /** @type {Map<string, import("./value.js").Value>[]} */
    const parts = [];
    for (let start = 0; start < count; start += size) {
      if (start > 0) await nextTask();
      parts.push(await this.#answerChunk(sliced(inputs, start, Math.min(start + size, count))));
    }
    return new Map(this.manifest.outputs.map((output) => [output.name, joined(output, parts)]));
  }

  /** @param {Map<string, import("./value.js").Value>} values */
  async #answerChunk(values) {
    const { constants, prefix, suffix, outputs } = this.#program;
    const rows = values.values().next().value?.shape[0] ?? 0;
    run(prefix, constants, values);
    if (this.#graph !== null) await this.#graph.run(this.#program, values);
    run(suffix, constants, values);
    const made = new Map();
    for (const output of this.manifest.outputs) {
      const x = lookUp(outputs[output.name], constants, values);
      made.set(output.name, conforming(x, output, rows));
    }
    return made;
  }
}

/** @type {Map<string, import("./value.js").Value>} */
const NONE = new Map();

/**
 * A value in the dtype and shape that the manifest promises.
 * @param {import("./value.js").Value} x @param {import("./manifest.js").Output} output @param {number} rows
 */
function conforming(x, output, rows) {
  const shape = output.shape.map((length) => (length === "N" ? rows : Number(length)));
  const real = (/** @type {string} */ dtype) => dtype === "double" || dtype === "float";
  const whole = (/** @type {string} */ dtype) => dtype === "int64" || dtype === "int32";
  const dtype = /** @type {import("./value.js").DType} */ (output.dtype);
  if (shape.length !== x.shape.length || shape.some((length, i) => length !== x.shape[i])) {
    throw new BundleError(`output ${output.name} is [${x.shape}], the manifest says [${shape}]`);
  }
  if (x.dtype === dtype) return x;
  // The graph's float32 stands for the model's double.
  if (real(x.dtype) && dtype === "double") return value(dtype, shape, x.data);
  if (whole(x.dtype) && dtype === "int64") return value(dtype, shape, BigInt64Array.from(x.data, BigInt));
  throw new BundleError(`output ${output.name} is ${x.dtype}, the manifest says ${dtype}`);
}

/** @param {import("./program.js").Feed[]} feeds */
function chunkSize(feeds) {
  const perRow = feeds.reduce((sum, { shape }) => sum + 4 * sizeOf(shape.map((length) => (length === "N" ? 1 : Number(length)))), 1);
  return Math.max(1, Math.min(CHUNK_ROWS, Math.floor(CHUNK_BYTES / perRow)));
}

/** @param {Map<string, import("./value.js").Value>} values @param {number} start @param {number} stop */
function sliced(values, start, stop) {
  const part = new Map();
  for (const [name, { dtype, shape, data }] of values) {
    const width = sizeOf(shape.slice(1));
    part.set(name, value(dtype, [stop - start, ...shape.slice(1)], data.slice(start * width, stop * width)));
  }
  return part;
}

/**
 * One output of all chunks.
 * @param {import("./manifest.js").Output} output @param {Map<string, import("./value.js").Value>[]} parts
 */
function joined(output, parts) {
  const pieces = parts.map((part) => lookUp(output.name, NONE, part));
  if (pieces.length === 1) return pieces[0];
  const dtype = /** @type {import("./value.js").DType} */ (output.dtype);
  const rows = pieces.reduce((sum, { shape }) => sum + shape[0], 0);
  const shape = output.shape.map((length) => (length === "N" ? rows : Number(length)));
  const data = allocate(dtype, sizeOf(shape));
  let at = 0;
  for (const piece of pieces) for (let i = 0; i < piece.data.length; i++) data[at++] = piece.data[i];
  return value(dtype, shape, data);
}

/** Lets a page draw and answer clicks between chunks. */
function nextTask() {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
