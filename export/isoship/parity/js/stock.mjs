// A TF.js graph model run by stock TF.js, tensors in and tensors out. Nothing of ours is registered.

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

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
      inputs[name] = tf.tensor(typedFrom(dtype, data), shape, dtype);
    }
    const found = model.execute(inputs, fetches);
    const list = Array.isArray(found) ? found : [found];
    /** @type {Record<string, any>} */
    const outputs = {};
    for (const [i, name] of fetches.entries()) {
      outputs[name] = { dtype: list[i].dtype, shape: list[i].shape, data: base64(await list[i].data()) };
    }
    tf.dispose([inputs, list]);
    return { outputs };
  };
}

/** @param {any} tf */
export function stampOf(tf) {
  return { tfjs: tf.version_core ?? tf.version["tfjs-core"], backend: tf.getBackend() };
}

/** @param {keyof typeof ARRAYS} dtype @param {string} text */
function typedFrom(dtype, text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new ARRAYS[dtype](bytes.buffer);
}

/** @param {ArrayBufferView} array */
function base64(array) {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}
