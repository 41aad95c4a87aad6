/**
 * GatherV2 for TF.js's backends cpu and wasm as a loop over typed arrays: the same values and the same refusal of an
 * index that is outside. A tree ensemble is little else than gathers, and TF.js 4.22.0's own turn every element into
 * coordinates and back: 100 to 130 ns an element on either backend, where this takes 10 (Node 20, a busy machine).
 */

import { backend_util, registerKernel, unregisterKernel, util } from "@tensorflow/tfjs-core";

/**
 * @typedef {{shape: number[], dtype: any, dataId: any}} Info
 * @typedef {{make: (backend: any, shape: number[], dtype: any) => Info, data: (backend: any, tensor: Info) => any}} Memory
 *   where a backend keeps tensors: `make` comes first, as it may move what `data` shows
 */

/** @type {Record<"cpu" | "wasm", Memory>} */
const MEMORY = {
  cpu: {
    make: (backend, shape, dtype) => backend.makeTensorInfo(shape, dtype, util.getArrayFromDType(dtype, util.sizeFromShape(shape))),
    data: (backend, tensor) => backend.data.get(tensor.dataId).values,
  },
  wasm: {
    make: (backend, shape, dtype) => backend.makeOutput(shape, dtype),
    data: (backend, tensor) => backend.typedArrayFromHeap(tensor),
  },
};

/**
 * Puts this kernel in the place of a backend's own. Call it where the backend is imported, before it starts.
 * @param {"cpu" | "wasm"} backendName
 */
export function registerGather(backendName) {
  const memory = MEMORY[backendName];
  unregisterKernel("GatherV2", backendName);
  registerKernel({
    kernelName: "GatherV2",
    backendName,
    kernelFunc: (/** @type {any} */ { inputs: { x, indices }, attrs: { axis, batchDims }, backend }) => {
      const [along] = util.parseAxisParam(axis, x.shape);
      const sizes = backend_util.segment_util.collectGatherOpShapeInfo(x, indices, along, batchDims ?? 0);
      const made = memory.make(backend, sizes.outputShape, x.dtype);
      gather(memory.data(backend, x), memory.data(backend, indices), memory.data(backend, made), sizes);
      return made;
    },
  });
}

/**
 * made[b, o, i, s] = x[b, o, indices[b, i], s]
 * @param {any} x @param {any} indices @param {any} made
 * @param {{batchSize: number, outerSize: number, dimSize: number, sliceSize: number}} sizes
 */
function gather(x, indices, made, { batchSize, outerSize, dimSize, sliceSize }) {
  const count = indices.length / batchSize;
  let to = 0;
  for (let b = 0; b < batchSize; b++) {
    for (let o = 0; o < outerSize; o++) {
      const from = (b * outerSize + o) * dimSize;
      for (let i = b * count; i < (b + 1) * count; i++) {
        const index = indices[i];
        if (!(index >= 0 && index < dimSize)) throw new Error(`GatherV2: the index value ${index} is not in [0, ${dimSize - 1}]`);
        if (sliceSize === 1) {
          made[to++] = x[from + index];
        } else {
          const at = (from + index) * sliceSize;
          for (let s = 0; s < sliceSize; s++) made[to++] = x[at + s];
        }
      }
    }
  }
}
