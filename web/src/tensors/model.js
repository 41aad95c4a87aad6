/**
 * A bundle whose signature is tensors, loaded: named tensors in, named tensors out, by the TF.js graph.
 *
 *     const model = await load();
 *     await model.predict({ image: [[[[0, 255, ...]]]] });            // what POST /predict answers under "outputs"
 *     await model.predictTensors({ image: new Uint8Array(64) });      // { logits: { dtype: "float", shape, data } }
 *
 * @typedef {import("./signature.js").Tensor} Tensor
 * @typedef {import("./ports.js").Port} Port
 */

import { BundleError, InputError } from "../errors.js";
import { jsonFrom } from "../files.js";
import { graphFrom } from "../graph/graph.js";
import { got } from "../words.js";
import { tensorFromArray } from "./arrays.js";
import { check, checkNames } from "./contract.js";
import { goldenFrom } from "./golden.js";
import { isList, nested, tensorFromNested } from "./nested.js";
import { backendsFrom, fedFrom, portsFrom, tensorFrom } from "./ports.js";
import { selftest } from "./selftest.js";
import { inputsOf } from "./signature.js";

/** Weights from which a graph may be worth a graphics processor's trial; a convolution counts as more. */
const HEAVY_BYTES = 4 * 1024 * 1024;
/** The size of a dimension with a name, but for the first, in a call that only takes time. */
const SOME = 64;

/**
 * @param {{document: any, read: (name: string) => Promise<ArrayBuffer>, fetched: (name: string) => Promise<ArrayBuffer>,
 *   manifest: import("../manifest.js").Manifest, engine: import("../index.js").EngineName,
 *   backend: import("../graph/backend.js").Wanted, trial: boolean, tf?: any}} given `document`: program.json; `tf`: the caller's own TF.js
 * @returns {Promise<TensorModel>}
 * @throws {BundleError} a file is missing, damaged or of a newer format; or the row program was asked for
 * @throws {import("../errors.js").BackendError} the backend asked for is not there
 */
export async function tensorModel({ document, read, fetched, manifest, engine, backend, tf, trial }) {
  if (engine === "rows") throw new BundleError("this bundle takes tensors, and the row program takes rows: leave `engine` out, or ask for the engine tfjs");
  const inputs = inputsOf(manifest);
  const ports = { inputs: portsFrom(document, inputs, "inputs"), outputs: portsFrom(document, manifest.outputs, "outputs") };
  const graph = await graphFrom(read, fetched, backend, backendsFrom(document), tf);
  const model = new TensorModel(read, manifest, inputs, ports, graph);
  if (backend === "auto" && tf === undefined && trial && graph.work >= HEAVY_BYTES) {
    model.trust = await (await import("../graph/trust.js")).preferGraphics(graph, manifest, () => model.selftest(), () => model.warmUp());
  }
  return model;
}

export class TensorModel {
  engine = /** @type {const} */ ("tfjs");
  #read;
  #ports;
  #graph;

  /**
   * @param {(name: string) => Promise<ArrayBuffer>} read @param {import("../manifest.js").Manifest} manifest
   * @param {import("./signature.js").Input[]} inputs @param {{inputs: Port[], outputs: Port[]}} ports
   * @param {import("../graph/graph.js").Graph} graph
   */
  constructor(read, manifest, inputs, ports, graph) {
    this.manifest = manifest;
    /** The signature's inputs. */
    this.inputs = inputs;
    /** What became of webgl and webgpu on this machine; null where neither was to answer. @type {import("../graph/trust.js").Trust | null} */
    this.trust = null;
    this.#read = read;
    this.#ports = ports;
    this.#graph = graph;
  }

  get graph() {
    return this.#graph;
  }

  /**
   * All that is wrong with a call: what `predict` refuses, and more than the first of it.
   * @param {Record<string, any>} given @returns {Promise<import("../explain.js").Problem[]>}
   */
  async explainInput(given) {
    return (await import("./explain.js")).problemsIn(given, this.inputs, tensorFromJson);
  }

  /** TF.js's; `auto` turns from wasm to cpu where wasm has not all operators of the graph. */
  get backend() {
    return this.#graph.backend;
  }

  /**
   * Exactly what HTTP answers under `outputs`: nested lists by output, null where a number is not finite.
   * @param {Record<string, any>} given nested lists by input; where it takes pictures also { png: base64 }, or a list of those
   * @returns {Promise<Record<string, any>>}
   * @throws {InputError} what the model's input contract refuses; nothing is answered then
   */
  async predict(given) {
    const made = await this.#answer(await this.#taken(given, tensorFromJson));
    // fromEntries defines properties: an output called __proto__ is data like any other.
    return Object.fromEntries([...made].map(([name, tensor]) => [name, nested(tensor)]));
  }

  /**
   * Every output as `{dtype, shape, data}`, data a typed array (float16 as its bits, bool as bytes).
   * @param {Record<string, any>} given by input `{data, shape}`, or a typed array alone where its length says the shape
   * @returns {Promise<Record<string, Tensor>>}
   * @throws {InputError}
   */
  async predictTensors(given) {
    return Object.fromEntries(await this.#answer(await this.#taken(given, tensorFromArray)));
  }

  /**
   * Replays the golden calls that travel with the bundle; `rows` are calls.
   * @returns {Promise<import("../selftest.js").Selftest>}
   */
  async selftest() {
    const [json, bytes] = await Promise.all([this.#read("golden.json"), this.#read("golden.bin")]);
    const document = jsonFrom(json, "golden.json");
    return selftest(this.manifest, document?.digest, goldenFrom(document, bytes), (inputs) => this.#answer(inputs));
  }

  /** A call of the smallest batch, whose answer nobody reads: TF.js compiles what it needs. */
  async warmUp() {
    const feeds = this.#ports.inputs.map((port, i) => {
      const shape = this.inputs[i].shape.map((size, axis) => (typeof size === "number" ? size : axis === 0 ? 1 : SOME));
      const size = shape.reduce((product, one) => product * one, 1);
      return { name: port.node, dtype: port.tfjs, shape, data: port.tfjs === "float32" ? new Float32Array(size) : port.tfjs === "bool" ? new Uint8Array(size) : new Int32Array(size) };
    });
    await this.#graph.execute(feeds, this.#ports.outputs.map(({ node, tfjs }) => ({ name: node, dtype: tfjs })));
  }

  /** Frees the graph's weights. */
  dispose() {
    this.#graph.dispose();
  }

  /**
   * @param {any} given @param {(spec: import("./signature.js").Input, value: any) => Tensor | Promise<Tensor>} read
   * @returns {Promise<Map<string, Tensor>>}
   */
  async #taken(given, read) {
    if (given === null || typeof given !== "object" || Array.isArray(given) || ArrayBuffer.isView(given)) {
      throw new InputError(`inputs: expected an object, got ${got(given)}`, { seen: got(given), expected: "an object" });
    }
    checkNames(Object.keys(given), this.inputs);
    const taken = new Map();
    for (const spec of this.inputs) {
      const tensor = read(spec, given[spec.name]); // the caller's arrays may change as soon as anything is waited for
      taken.set(spec.name, tensor instanceof Promise ? await tensor : tensor);
    }
    return taken;
  }

  /** @param {Map<string, Tensor>} inputs @returns {Promise<Map<string, Tensor>>} every output, in the manifest's order */
  async #answer(inputs) {
    check(inputs, this.inputs);
    const { inputs: taken, outputs } = this.#ports;
    const feeds = taken.map((port) => fedFrom(port, /** @type {Tensor} */ (inputs.get(port.name))));
    const read = await this.#graph.execute(feeds, outputs.map(({ node, tfjs }) => ({ name: node, dtype: tfjs })));
    return new Map(outputs.map((port, i) => [port.name, tensorFrom(port, read[i], this.manifest.outputs[i].shape)]));
  }
}

/** Nested lists, and pictures where the input takes them. @param {import("./signature.js").Input} spec @param {any} value @returns {Tensor | Promise<Tensor>} */
function tensorFromJson(spec, value) {
  const isObject = (/** @type {any} */ one) => one !== null && typeof one === "object" && !isList(one);
  if (spec.image === null || !(isObject(value) || (Array.isArray(value) && value.some(isObject)))) return tensorFromNested(spec, value);
  return import("./pictures.js").then(({ tensorFromPictures }) => tensorFromPictures(spec, value));
}
