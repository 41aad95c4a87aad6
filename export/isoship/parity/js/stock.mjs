// A TF.js graph model run by stock TF.js, tensors in and tensors out. Nothing of ours is registered.

import { dataFrom, dataOf } from "./tensors.mjs";

/**
 * @param {any} tf @param {string} url of model.json
 * @returns {Promise<(request: any) => Promise<any>>} {feeds: {name: {dtype, shape, data}}, fetches} -> {outputs}
 */
export async function stockModel(tf, url) {
  const model = await tf.loadGraphModel(url);
  return async ({ feeds, fetches }) => {
    /** @type {Record<string, any>} */
    const inputs = {};
    for (const [name, { dtype, shape, data }] of Object.entries(feeds)) {
      inputs[name] = tf.tensor(dataFrom(dtype, data), shape, dtype);
    }
    const found = await run(model, inputs, fetches);
    const list = Array.isArray(found) ? found : [found];
    /** @type {Record<string, any>} */
    const outputs = {};
    for (const [i, name] of fetches.entries()) {
      outputs[name] = { dtype: list[i].dtype, shape: list[i].shape, data: dataOf(await list[i].data()) };
    }
    tf.dispose([inputs, list]);
    return { outputs };
  };
}

/** TF.js names the other method where operators choose what runs. @param {any} model @param {any} inputs @param {string[]} fetches */
function run(model, inputs, fetches) {
  try {
    return model.execute(inputs, fetches);
  } catch (err) {
    if (!/executeAsync/.test(/** @type {Error} */ (err).message)) throw err;
    return model.executeAsync(inputs, fetches);
  }
}

/** @param {any} tf */
export function stampOf(tf) {
  return { tfjs: tf.version_core ?? tf.version["tfjs-core"], backend: tf.getBackend() };
}
