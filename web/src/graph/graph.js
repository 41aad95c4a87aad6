/**
 * The TF.js graph of a bundle: model.json and its weight shards, run on one backend at a time.
 */

import { BackendLost, GRAPHICS, candidatesOf, inTurn, makeCurrent, openBackend } from "./backend.js";
import { BackendError, BundleError } from "../errors.js";
import { jsonFrom } from "../files.js";
import { givenTf } from "../peers/given.js";

/**
 * @typedef {{name: string, dtype: "float32" | "int32" | "bool", shape: number[], data: ArrayLike<number>}} Fed a node and what it is fed with
 * @typedef {{name: string, dtype: "float32" | "int32" | "bool"}} Fetched a node and the dtype that it has
 * @typedef {{shape: number[], data: any}} Read TF.js's own memory: whoever keeps it makes a copy
 * @typedef {(name: string) => Promise<ArrayBuffer>} Reader reads a file of the bundle
 */

/**
 * The graph on the first backend that is there.
 * @param {Reader} read held against the manifest @param {Reader} fetched as it comes
 * @param {import("./backend.js").Wanted} wanted @param {readonly string[]} right backends that the graph is right on
 * @param {any} [ownTf] the caller's own TF.js
 * @returns {Promise<Graph>}
 * @throws {BundleError} a file is missing or damaged @throws {BackendError} none of the backends is there
 */
export async function graphFrom(read, fetched, wanted, right, ownTf) {
  const artifacts = await artifactsFrom(read);
  ownTf = await givenTf(ownTf);
  await ownTf?.ready();
  const work = workOf(artifacts);
  const graph = new Graph(read, fetched, candidatesOf(wanted, work, right, ownTf), ownTf);
  graph.right = right;
  graph.work = work;
  await graph.open(graph.candidates[0], artifacts).catch((err) => graph.next(err));
  return graph;
}

export class Graph {
  #read;
  #fetched;
  #ownTf;
  /** @type {any} */
  #tf;
  /** The backend's own object in TF.js. @type {any} */
  #instance = null;
  /** @type {any} */
  #model = null;
  /** Whether TF.js runs the graph asynchronously. */
  #dynamic = false;
  /** @type {Promise<never> | null} rejects when a graphics backend is lost */
  #lost = null;
  /** @type {BackendLost | null} with what */
  #loss = null;
  /** The backend in use. */
  backend = "";
  /** Backends that the graph is right on. @type {readonly string[]} */
  right = [];
  /** How much it computes (`workOf`). */
  work = 0;
  /** Backends that are not there, and why. @type {{backend: string, why: string}[]} */
  absent = [];

  /** @param {Reader} read @param {Reader} fetched @param {string[]} candidates @param {any} ownTf */
  constructor(read, fetched, candidates, ownTf) {
    this.#read = read;
    this.#fetched = fetched;
    this.#ownTf = ownTf;
    /** Backends in order of preference. */
    this.candidates = candidates;
  }

  /**
   * Puts the graph on a backend.
   * @param {string} backend @param {any} [artifacts] where they are at hand
   * @throws {BackendError} it is not there; the graph stays where it was
   */
  async open(backend, artifacts) {
    artifacts ??= await artifactsFrom(this.#read);
    await inTurn(() => this.#opened(backend, artifacts));
  }

  /**
   * Moves on to the next candidate that is there.
   * @param {unknown} err why the one before is left: thrown again where none follows
   */
  async next(err) {
    if (this.#model === null) this.#leave(this.candidates[0], err);
    for (const backend of this.candidates.slice(this.candidates.indexOf(this.backend) + 1)) {
      if (this.absent.some((one) => one.backend === backend)) continue;
      try {
        return await this.open(backend);
      } catch (not) {
        this.#leave(backend, not);
      }
    }
    throw err;
  }

  /** Whether a graphics processor answers, or would have. */
  get untried() {
    return GRAPHICS.includes(this.backend) || this.absent.length > 0;
  }

  /** @param {string} backend @param {unknown} err */
  #leave(backend, err) {
    if (!(err instanceof BackendError)) throw err;
    this.absent.push({ backend, why: err.message });
  }

  /** @param {string} backend @param {any} artifacts */
  async #opened(backend, artifacts) {
    const tf = await openBackend(backend, this.#fetched, this.#ownTf);
    const model = await tf.loadGraphModel({ load: async () => artifacts }).catch((/** @type {Error} */ err) => {
      throw new BundleError(`model.json does not load: ${err.message}`, { cause: err });
    });
    this.dispose();
    this.#tf = tf;
    this.#instance = tf.backend();
    this.#model = model;
    this.#loss = null;
    this.#lost = GRAPHICS.includes(backend) ? (await import("./graphics.js")).lossOf(tf, backend) : null;
    this.#lost?.catch((err) => void (this.#loss = err));
    this.backend = backend;
  }

  /**
   * What the graph gives for what it is fed with.
   * @param {Fed[]} feeds @param {Fetched[]} fetches @returns {Promise<Read[]>}
   * @throws {BackendError} the backend was lost, and nobody allowed another
   */
  execute(feeds, fetches) {
    return inTurn(async () => {
      try {
        return await this.#executed(feeds, fetches);
      } catch (err) {
        await this.#after(err);
        return this.#executed(feeds, fetches);
      }
    });
  }

  /** Another backend, where this one cannot go on and the caller allows one. @param {unknown} err thrown again where not */
  async #after(err) {
    const isLost = err instanceof BackendLost;
    // wasm has fewer operators than cpu.
    const lacks = this.backend === "wasm" && /not registered for backend/.test(String(/** @type {Error} */ (err).message));
    // What was not tried on this machine does not take over in the middle of the work.
    const others = this.candidates.slice(this.candidates.indexOf(this.backend) + 1).filter((name) => !GRAPHICS.includes(name));
    if (isLost) {
      this.absent.push({ backend: this.backend, why: err.message });
      if (this.#ownTf === undefined) (await import("./graphics.js")).forget(this.#tf, this.backend, this.#instance);
    }
    if (!(isLost || lacks) || others.length === 0) throw err;
    await this.#opened(others[0], await artifactsFrom(this.#read));
  }

  /** @param {Fed[]} feeds @param {Fetched[]} fetches @returns {Promise<Read[]>} */
  async #executed(feeds, fetches) {
    if (this.#loss !== null) throw this.#loss; // before anything moves TF.js to a backend that starts anew
    const work = this.#computed(feeds, fetches);
    if (this.#lost === null) return work;
    work.catch(() => {}); // what fails after the loss
    return Promise.race([this.#lost, work]);
  }

  /** @param {Fed[]} feeds @param {Fetched[]} fetches @returns {Promise<Read[]>} */
  async #computed(feeds, fetches) {
    const tf = this.#tf;
    await makeCurrent(tf, this.backend);
    // Nothing awaits between here and the reading: TF.js's current backend stays ours.
    const tensors = feeds.map(({ data, shape, dtype }) => tf.tensor(data, shape, dtype));
    /** @type {any[]} */
    let made = [];
    try {
      const inputs = Object.fromEntries(feeds.map((feed, i) => [feed.name, tensors[i]]));
      // One tensor for one name, an array for more.
      const answer = this.#answered(inputs, fetches.map((fetched) => fetched.name));
      made = [answer instanceof Promise ? await answer.catch(notRun) : answer].flat();
      const read = await Promise.all(made.map((tensor) => tensor.data()));
      return fetches.map((fetched, i) => {
        if (made[i].dtype !== fetched.dtype) throw new BundleError(`the graph makes ${fetched.name} as ${made[i].dtype}, expected ${fetched.dtype}`);
        return { shape: made[i].shape, data: read[i] };
      });
    } finally {
      // A fetch may be a feed handed through, or one tensor fetched twice; model.execute keeps weights to itself.
      for (const tensor of new Set([...tensors, ...made])) if (!tensor.isDisposed) tensor.dispose();
    }
  }

  /** @param {Record<string, any>} inputs @param {string[]} names */
  #answered(inputs, names) {
    if (this.#dynamic) return this.#model.executeAsync(inputs, names);
    try {
      return this.#model.execute(inputs, names);
    } catch (err) {
      // TF.js knows which operators have results of a size of their own, or choose what runs, and names the way out.
      if (!/executeAsync/.test(/** @type {Error} */ (err).message)) return notRun(/** @type {Error} */ (err));
      this.#dynamic = true;
      return this.#model.executeAsync(inputs, names);
    }
  }

  /** Frees the graph's weights. */
  dispose() {
    this.#model?.dispose();
    this.#model = null;
  }
}

/** One buffer; jsdom's Blob gives none. @param {ArrayBuffer[]} parts */
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return whole.buffer;
}

/** How much a graph computes, in bytes of weights; a convolution uses each of them many times. @param {any} artifacts */
function workOf({ weightData, modelTopology }) {
  const nodes = Array.isArray(modelTopology?.node) ? modelTopology.node : [];
  return nodes.some((/** @type {any} */ node) => String(node?.op).includes("Conv")) ? Infinity : weightData.byteLength;
}

/** @param {Reader} read */
async function artifactsFrom(read) {
  const document = jsonFrom(await read("model.json"), "model.json");
  if (document?.format !== "graph-model") throw new BundleError(`model.json has the format ${JSON.stringify(document?.format)}, expected "graph-model"`);
  const specs = [];
  const shards = [];
  if (!Array.isArray(document.weightsManifest)) throw new BundleError("model.json is damaged: it has no `weightsManifest`");
  for (const group of document.weightsManifest) {
    if (!Array.isArray(group?.weights) || !Array.isArray(group.paths)) throw new BundleError("model.json is damaged: `weightsManifest` holds no weights or no paths");
    specs.push(...group.weights);
    for (const path of group.paths) shards.push(read(path));
  }
  const weightData = joined(await Promise.all(shards));
  const { format, generatedBy, convertedBy, modelTopology, signature, userDefinedMetadata } = document;
  return { format, generatedBy, convertedBy, modelTopology, signature, userDefinedMetadata, weightSpecs: specs, weightData };
}

/** @param {Error} err @returns {never} */
function notRun(err) {
  throw new BundleError(`the graph of model.json does not run: ${err.message}`, { cause: err });
}
