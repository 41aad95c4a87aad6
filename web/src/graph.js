/**
 * The TF.js graph of a bundle: model.json and its weight shards, run on one backend.
 */

import { inTurn, makeCurrent, openBackend } from "./backend.js";
import { BundleError } from "./errors.js";
import { jsonFrom } from "./files.js";
import { feedFrom, valueFromFetch } from "./program.js";

/**
 * @typedef {{backend: string, run: (program: import("./program.js").Program, values: Map<string, import("./value.js").Value>)
 *   => Promise<void>, dispose: () => void}} Graph `run` reads the feeds from `values` and adds the fetches to it
 */

/**
 * @param {(name: string) => Promise<ArrayBuffer>} read @param {(name: string) => URL} place where files of the bundle lie
 * @param {import("./backend.js").BackendName} wanted @param {any} [ownTf]
 * @returns {Promise<Graph>}
 */
export async function graphFrom(read, place, wanted, ownTf) {
  const artifacts = await artifactsFrom(read);
  return inTurn(async () => {
    const { tf, backend } = await openBackend(wanted, artifacts.weightData.byteLength, place, ownTf);
    const model = await tf.loadGraphModel({ load: async () => artifacts }).catch((/** @type {Error} */ err) => {
      throw new BundleError(`model.json does not load: ${err.message}`, { cause: err });
    });
    return {
      backend,
      run: (program, values) => inTurn(() => execute(tf, backend, model, program, values)),
      dispose: () => model.dispose(),
    };
  });
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
  const weightData = await new Blob(await Promise.all(shards)).arrayBuffer();
  const { format, generatedBy, convertedBy, modelTopology, signature, userDefinedMetadata } = document;
  return { format, generatedBy, convertedBy, modelTopology, signature, userDefinedMetadata, weightSpecs: specs, weightData };
}

/**
 * @param {any} tf @param {string} backend @param {any} model
 * @param {import("./program.js").Program} program @param {Map<string, import("./value.js").Value>} values
 */
async function execute(tf, backend, model, program, values) {
  const feeds = program.feeds.map((feed) => {
    const from = values.get(feed.from) ?? program.constants.get(feed.from);
    if (from === undefined) throw new BundleError(`the program makes no ${JSON.stringify(feed.from)} for the graph`);
    return feedFrom(from, feed);
  });
  await makeCurrent(tf, backend);
  // Nothing awaits between here and the reading: TF.js's current backend stays ours.
  const tensors = feeds.map(({ data, shape }, i) => tf.tensor(data, shape, program.feeds[i].dtype));
  /** @type {any[]} */
  let made = [];
  try {
    const inputs = Object.fromEntries(program.feeds.map((feed, i) => [feed.name, tensors[i]]));
    // One tensor for one name, an array for more.
    made = [executed(model, inputs, program.fetches.map((fetched) => fetched.name))].flat();
    const read = await Promise.all(made.map((tensor) => tensor.data()));
    program.fetches.forEach((fetched, i) => {
      if (made[i].dtype !== fetched.dtype) throw new BundleError(`the graph makes ${fetched.name} as ${made[i].dtype}, expected ${fetched.dtype}`);
      values.set(fetched.to, valueFromFetch(read[i], made[i].shape, fetched.dtype));
    });
  } finally {
    // A fetch may be a feed handed through, or one tensor fetched twice; model.execute keeps weights to itself.
    for (const tensor of new Set([...tensors, ...made])) if (!tensor.isDisposed) tensor.dispose();
  }
}

/** @param {any} model @param {Record<string, any>} inputs @param {string[]} names */
function executed(model, inputs, names) {
  try {
    return model.execute(inputs, names);
  } catch (err) {
    throw new BundleError(`the graph of model.json does not run: ${/** @type {Error} */ (err).message}`, { cause: err });
  }
}
