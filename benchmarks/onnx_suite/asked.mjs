// One question to stock TF.js, in Node and in a page: a model's files and its feeds in, its outputs out; data in base64.

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** @param {string} text */
function bytesOf(text) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

/** @param {ArrayBufferView} view */
function base64(view) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}

/**
 * @param {any} tf
 * @param {{model: any, weights: string, feeds: any, fetches: string[], asynchronous: boolean}} question
 * @returns {Promise<any>} {outputs: {name: {dtype, shape, data}}} or {error, trap}
 */
export async function asked(tf, { model, weights, feeds, fetches, asynchronous }) {
  try {
    const [{ weights: weightSpecs }] = model.weightsManifest;
    const graph = await tf.loadGraphModel({ load: async () => ({ ...model, weightSpecs, weightData: bytesOf(weights).buffer }) });
    const inputs = Object.fromEntries(Object.entries(feeds).map(([name, { dtype, shape, data }]) =>
      [name, tf.tensor(new ARRAYS[dtype](bytesOf(data).buffer), shape, dtype)]));
    const found = asynchronous ? await graph.executeAsync(inputs, fetches) : graph.execute(inputs, fetches);
    const list = Array.isArray(found) ? found : [found];
    const outputs = {};
    for (const [i, name] of fetches.entries()) outputs[name] = { dtype: list[i].dtype, shape: list[i].shape, data: base64(await list[i].data()) };
    tf.dispose([inputs, list]);
    graph.dispose();
    return { outputs };
  } catch (error) {
    return { error: String(error.message ?? error).slice(0, 300), trap: error instanceof WebAssembly.RuntimeError || tf.getBackend() === "webgpu" };
  }
}
