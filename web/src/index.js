/**
 * Runs an isoship bundle in a page, a worker or Node.
 *
 *     import { load } from "./index.js";
 *     const model = await load();
 *     await model.predict([{ age: 39, city: "Oslo" }]);   // what POST /predict answers under "predictions"
 */

import { BundleError, IsoshipError } from "./errors.js";
import { predictionsFrom } from "./encode.js";
import { fetcherOf, jsonFrom, later, placesOf, readerOf } from "./files.js";
import { hasRowProgram, manifestFromBytes } from "./manifest.js";
import { PLACES } from "./places.js";
import { rowSession } from "./rows/session.js";
import { allocate, sizeOf, value } from "./value.js";
import { inputsFromColumns, inputsFromRows } from "./validate.js";

export { BackendError, BundleError, InputError, IsoshipError } from "./errors.js";

/**
 * @typedef {import("./value.js").Value} Value
 * @typedef {"auto" | "rows" | "tfjs"} EngineName
 * @typedef {{engine: "rows" | "tfjs", backend: string, precision: string, mostRows: number, dispose: () => void,
 *   graph: import("./graph/graph.js").Graph | null,
 *   answer: (inputs: Map<string, Value>, rows: number) => Map<string, Value> | Promise<Map<string, Value>>}} Session
 *   `answer` gives every output in the manifest's dtype and shape; the inputs' map is its own
 */

const ENGINES = ["auto", "rows", "tfjs"];

/**
 * Loads the bundle around this file, or the one at `baseUrl`.
 *
 * @param {{baseUrl?: string | URL, engine?: EngineName, backend?: import("./graph/backend.js").Wanted, tf?: any, trial?: boolean,
 *   signal?: AbortSignal, onProgress?: import("./files.js").Reading["onProgress"]}} [options]
 *   `engine`: the row program, in doubles, or the TF.js graph; `auto` is the row program where the bundle has one and no
 *   backend of TF.js is named. `backend`: one, or some in order of preference; webgl and webgpu replay the golden rows
 *   before they answer, once for a machine, unless `trial` is false. `tf`: your own TF.js (core and converter in one
 *   namespace) instead of the one in the bundle. `signal` gives up loading
 * @returns {Promise<Model>} of a bundle of tensors a `TensorModel` (tensors/model.js)
 * @throws {BundleError} a file is missing, damaged or of a newer format; or there is no row program, and it was asked for
 * @throws {BackendError} the backend asked for is not there, or does not answer as the model did
 */
export async function load({ baseUrl, engine = "auto", backend = "auto", tf, trial = true, signal, onProgress } = {}) {
  if (!ENGINES.includes(engine)) throw new IsoshipError(`unknown engine ${JSON.stringify(engine)}: ${ENGINES.join(", ")}`);
  const named = [backend].flat().some((name) => name !== "auto") || tf !== undefined; // whoever names TF.js's backend is answered by TF.js
  if (engine === "rows" && named) throw new IsoshipError("the row program has no backend: leave `backend` and `tf` out, or ask for the engine tfjs");
  const wantsRows = engine === "rows" || (engine === "auto" && !named);
  const place = placesOf(baseUrl);
  const fetched = fetcherOf(place, { signal, onProgress });
  const listed = fetched("manifest.json").then(manifestFromBytes);
  const read = readerOf(fetched, listed);
  // What bundlers carried along is there: it need not wait for the manifest.
  const early = (/** @type {string} */ name) => (wantsRows && baseUrl === undefined && Object.hasOwn(PLACES, name) ? quietly(read(name)) : null);
  const [rowsJson, rowsBin] = [early("rows.json"), early("rows.bin")];
  const [manifest, document] = await Promise.all([listed, read("program.json").then((bytes) => jsonFrom(bytes, "program.json"))]);
  if (manifest.encoder !== null) throw new BundleError("this bundle needs an encoder in front, which this runtime does not have");
  if (manifest.signature.layout === "tensors") {
    const { tensorModel } = await later(import("./tensors/model.js"));
    return /** @type {any} */ (await tried(await tensorModel({ document, read, fetched, manifest, engine, backend, tf, trial }), trial, signal));
  }
  if (engine === "rows" && !hasRowProgram(manifest)) throw new BundleError("this bundle has no row program: `isoship inspect` says why. Ask for the engine tfjs");
  const session = wantsRows && hasRowProgram(manifest)
    ? await rowSession(rowsJson ?? read("rows.json"), () => rowsBin ?? read("rows.bin"), manifest)
    : await (await later(import("./graph/webform.js"))).webFormSession(document, read, fetched, manifest, backend, tf);
  return tried(new Model(read, manifest, fieldsFrom(document), session), trial, signal);
}

/**
 * A model that answers as the trained one did, or no model: graphics stand on trial.
 * @template {{graph: import("./graph/graph.js").Graph | null, trust: import("./graph/trust.js").Trust | null, manifest: import("./manifest.js").Manifest,
 *   selftest: () => Promise<import("./selftest.js").Selftest>, dispose: () => void}} T
 * @param {T} model @param {boolean} trial @param {AbortSignal} [signal]
 */
async function tried(model, trial, signal) {
  try {
    signal?.throwIfAborted();
    if (trial && model.trust === null && model.graph?.untried) model.trust = await (await import("./graph/trust.js")).onTrial(model.graph, model.manifest, () => model.selftest());
    signal?.throwIfAborted();
    return model;
  } catch (err) {
    model.dispose();
    throw err;
  }
}

/**
 * The same in a worker of its own; what that takes is loaded then.
 * @param {import("./index.d.ts").WorkerOptions} [options]
 * @returns {Promise<any>} as `load`
 * @throws {BundleError} @throws {BackendError} as `load` @throws {IsoshipError} there are no workers here, or it does not start
 */
export async function loadInWorker(options) {
  return (await later(import("./worker/client.js"))).loadInWorker(options);
}

/** What is not asked for in the end fails nobody. @template T @param {Promise<T>} promise */
function quietly(promise) {
  promise.catch(() => {});
  return promise;
}

/** The fields of the page's form. @param {any} document program.json @returns {import("./program.js").Field[]} @throws {BundleError} */
function fieldsFrom(document) {
  const form = document?.form ?? [];
  if (!Array.isArray(form) || form.some((field) => typeof field?.column !== "string" || typeof field.kind !== "string")) {
    throw new BundleError("program.json is damaged: something is missing in its `form`");
  }
  return form;
}

class Model {
  #read;
  #session;

  /**
   * @param {(name: string) => Promise<ArrayBuffer>} read @param {import("./manifest.js").Manifest} manifest
   * @param {import("./program.js").Field[]} form @param {Session} session
   */
  constructor(read, manifest, form, session) {
    this.manifest = manifest;
    this.form = form;
    this.engine = session.engine;
    /** What became of webgl and webgpu on this machine; null where neither was to answer. @type {import("./graph/trust.js").Trust | null} */
    this.trust = null;
    this.#read = read;
    this.#session = session;
  }

  /** TF.js's, or "javascript" where the whole model runs without it. */
  get backend() {
    return this.#session.backend;
  }

  get graph() {
    return this.#session.graph;
  }

  /**
   * All that is wrong with a row, or with rows: what `predict` refuses, and more than the first of it.
   * @param {unknown} rows @returns {Promise<import("./explain.js").Problem[]>}
   */
  async explainInput(rows) {
    return (await later(import("./explain.js"))).problemsIn(rows, this.manifest.signature);
  }

  /**
   * One object a row, exactly what HTTP answers under `predictions`.
   * @param {Record<string, any>[]} rows
   * @returns {Promise<Record<string, any>[]>}
   * @throws {InputError} a row that the model's input contract refuses; nothing is answered then
   */
  async predict(rows) {
    const inputs = inputsFromRows(rows, this.manifest.signature);
    const count = rows.length; // now: the caller's array may change while the answer is on its way
    return predictionsFrom(this.manifest.outputs, await this.#answer(inputs, count), count);
  }

  /**
   * Every output as one typed array: Float64Array, Float32Array, BigInt64Array, Uint8Array, or an array of strings.
   * @param {Record<string, any>[] | Record<string, ArrayLike<any>>} given rows, or an array a column; for a model whose columns
   *   are all double also `{ X }`, row by row in the columns' order
   * @returns {Promise<Record<string, {dtype: string, shape: number[], data: any}>>}
   * @throws {InputError}
   */
  async predictTensors(given) {
    const { signature, outputs } = this.manifest;
    const atOnce = this.engine === "rows" ? this.#session.mostRows : 0; // no other code runs before its answer
    const inputs = Array.isArray(given) ? inputsFromRows(given, signature) : inputsFromColumns(given, signature, atOnce);
    const values = await this.#answer(inputs, rowsIn(inputs));
    /** @type {Record<string, any>} */
    const made = {};
    for (const { name } of outputs) {
      const { dtype, shape, data } = /** @type {Value} */ (values.get(name));
      // Defined, not assigned: an output called __proto__ is data like any other.
      Object.defineProperty(made, name, { value: { dtype, shape, data: dtype === "float" ? Float32Array.from(data) : data }, enumerable: true, configurable: true, writable: true });
    }
    return made;
  }

  /**
   * Replays the golden rows that travel with the bundle.
   * @returns {Promise<import("./selftest.js").Selftest>}
   */
  async selftest() {
    const answer = async (/** @type {any} */ rows) => this.#answer(inputsFromRows(rows, this.manifest.signature), rows.length);
    const { selftest } = await import("./selftest.js"); // a page answers first
    return selftest(this.manifest, jsonFrom(await this.#read("golden.json"), "golden.json"), answer, this.#session.precision);
  }

  /** Frees the graph's weights. */
  dispose() {
    this.#session.dispose();
  }

  /** @param {Map<string, Value>} inputs @param {number} count rows @returns {Promise<Map<string, Value>>} */
  async #answer(inputs, count) {
    const size = this.#session.mostRows;
    if (count > 0 && count <= size) return this.#session.answer(inputs, count);
    /** @type {Map<string, Value>[]} */
    const parts = [];
    for (let start = 0; start < count; start += size) {
      if (start > 0) await nextTask();
      const stop = Math.min(start + size, count);
      parts.push(await this.#session.answer(sliced(inputs, start, stop), stop - start));
    }
    return new Map(this.manifest.outputs.map((output) => [output.name, joined(output, parts)]));
  }
}

/** @param {Map<string, Value>} inputs */
function rowsIn(inputs) {
  return inputs.values().next().value?.shape[0] ?? 0;
}

/** @param {Map<string, Value>} values @param {number} start @param {number} stop */
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
 * @param {import("./manifest.js").Output} output @param {Map<string, Value>[]} parts
 */
function joined(output, parts) {
  const pieces = parts.map((part) => /** @type {Value} */ (part.get(output.name)));
  if (pieces.length === 1) return pieces[0];
  const dtype = /** @type {import("./value.js").DType} */ (output.dtype);
  const rows = pieces.reduce((sum, { shape }) => sum + shape[0], 0);
  const shape = output.shape.map((length) => (length === "N" ? rows : Number(length)));
  const data = allocate(dtype, sizeOf(shape));
  let at = 0;
  for (const piece of pieces) for (let i = 0; i < piece.data.length; i++) data[at++] = piece.data[i];
  return value(dtype, shape, data);
}

/** Lets a page draw and answer clicks between chunks. A timer would wait 4 ms each time, once there were five (HTML, timers). */
function nextTask() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(null);
  });
}
