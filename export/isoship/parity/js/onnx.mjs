// model.onnx run by onnxruntime-web, tensors in and tensors out.

import { dataFrom, dataOf } from "./tensors.mjs";

/**
 * Whether this build of ONNX Runtime has no kernel for the model, or does not know its opset: nothing is wrong then.
 * @param {any} error
 */
export function notBuilt(error) {
  return /NOT_IMPLEMENTED|Could not find an implementation|under development|IR version/.test(String(error?.message));
}

/**
 * @param {any} ort @param {Uint8Array} bytes of model.onnx @param {string} graphOptimizationLevel
 * @returns {Promise<(request: any) => Promise<any>>} {feeds: {name: {dtype, shape, data}}} -> {outputs}
 */
export async function onnxModel(ort, bytes, graphOptimizationLevel) {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(bytes, { graphOptimizationLevel });
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
