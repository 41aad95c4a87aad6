/**
 * The TF.js graph of a bundle: model.json and its weight shards, run on one backend.
 */

import { inTurn, makeCurrent, openBackend } from "./backend.js";
import { BundleError } from "./errors.js";
import { jsonFrom } from "./files.js";
import { givenTf } from "./peers/given.js";

/**
 * @typedef {{backend: string, execute: (feeds: Fed[], fetches: Fetched[]) => Promise<Read[]>, dispose: () => void}} Graph
 * @typedef {{name: string, dtype: "float32" | "int32" | "bool", shape: number[], data: ArrayLike<number>}} Fed a node and what it is fed with
 * @typedef {{name: string, dtype: "float32" | "int32" | "bool"}} Fetched a node and the dtype that it has
 * @typedef {{shape: number[], data: any}} Read TF.js's own memory: whoever keeps it makes a copy
 */

/**
 * @param {(name: string) => Promise<ArrayBuffer>} read @param {(name: string) => URL} place where files of the bundle lie
 * @param {import("./backend.js").BackendName} wanted @param {any} [ownTf]
 * @returns {Promise<Graph>}
 */
export async function graphFrom(read, place, wanted, ownTf) {
  const artifacts = await artifactsFrom(read);
  ownTf = await givenTf(ownTf);
  return inTurn(async () => {
    const opened = await openBackend(wanted, workOf(artifacts), place, ownTf);
    const { tf } = opened;
    const model = await tf.loadGraphModel({ load: async () => artifacts }).catch((/** @type {Error} */ err) => {
      throw new BundleError(`model.json does not load: ${err.message}`, { cause: err });
    });
    const state = { backend: opened.backend, dynamic: false };
    /** @param {Fed[]} feeds @param {Fetched[]} fetches */
    const execute = (feeds, fetches) =>
      inTurn(async () => {
        try {
          return await executed(tf, model, feeds, fetches, state);
        } catch (err) {
          // Nobody named a backend, and wasm has fewer operators than cpu.
          if (wanted !== "auto" || state.backend !== "wasm" || !/not registered for backend/.test(String(/** @type {Error} */ (err).message))) throw err;
          state.backend = "cpu";
          return executed(tf, model, feeds, fetches, state);
        }
      });
    return {
      get backend() {
        return state.backend;
      },
      execute,
      dispose: () => model.dispose(),
    };
  });
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

/** @param {(name: string) => Promise<ArrayBuffer>} read */
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

/**
 * @param {any} tf @param {any} model @param {Fed[]} feeds @param {Fetched[]} fetches
 * @param {{backend: string, dynamic: boolean}} state `dynamic`: whether TF.js runs the graph asynchronously
 * @returns {Promise<Read[]>}
 */
async function executed(tf, model, feeds, fetches, state) {
  await makeCurrent(tf, state.backend);
  // Nothing awaits between here and the reading: TF.js's current backend stays ours.
  const tensors = feeds.map(({ data, shape, dtype }) => tf.tensor(data, shape, dtype));
  /** @type {any[]} */
  let made = [];
  try {
    const inputs = Object.fromEntries(feeds.map((feed, i) => [feed.name, tensors[i]]));
    // One tensor for one name, an array for more.
    const answer = answered(model, inputs, fetches.map((fetched) => fetched.name), state);
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

/** @param {any} model @param {Record<string, any>} inputs @param {string[]} names @param {{dynamic: boolean}} state */
function answered(model, inputs, names, state) {
  if (state.dynamic) return model.executeAsync(inputs, names);
  try {
    return model.execute(inputs, names);
  } catch (err) {
    // TF.js knows which operators have results of a size of their own, or choose what runs, and names the way out.
    if (!/executeAsync/.test(/** @type {Error} */ (err).message)) return notRun(/** @type {Error} */ (err));
    state.dynamic = true;
    return model.executeAsync(inputs, names);
  }
}

/** @param {Error} err @returns {never} */
function notRun(err) {
  throw new BundleError(`the graph of model.json does not run: ${err.message}`, { cause: err });
}
