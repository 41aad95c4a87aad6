// model.onnx run by onnxruntime-web with its own defaults, tensors in and tensors out.

import { dataFrom, dataOf } from "./tensors.mjs";

/**
 * @param {any} ort @param {Uint8Array} bytes of model.onnx
 * @returns {Promise<(request: any) => Promise<any>>} {feeds: {name: {dtype, shape, data}}} -> {outputs}
 */
export async function onnxModel(ort, bytes) {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(bytes);
  return async ({ feeds }) => {
    /** @type {Record<string, any>} */
    const inputs = {};
    for (const [name, { dtype, shape, data }] of Object.entries(feeds)) {
      inputs[name] = new ort.Tensor(dtype, dataFrom(dtype, data), shape);
    }
    /** @type {Record<string, any>} */
    const outputs = {};
    for (const [name, made] of Object.entries(await session.run(inputs))) {
      const { type, dims, data } = /** @type {any} */ (made);
      outputs[name] = { dtype: type, shape: dims, data: dataOf(data) };
    }
    return { outputs };
  };
}
