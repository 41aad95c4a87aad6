/**
 * The largest or smallest elements along an axis.
 */

import { BundleError } from "../errors.js";
import { around, axisOf, known } from "./values.js";

/** Values and places, the first one first; of equals the earlier. @type {import("./values.js").Prepare} */
function topK(board, [x, most], { axis: given, largest }) {
  const axis = axisOf(given, x.shape.length);
  const [count] = known(most, "count");
  const [before, length, after] = around(x.shape, axis);
  if (!(count >= 0 && count <= length)) throw new BundleError(`it takes ${count} of ${length}`);
  const shape = [...x.shape];
  shape[axis] = count;
  const [best, places] = [board.value(x.dtype, shape), board.value("int64", shape)];
  const [p, o, q, stride, size] = [x.place, best.place, places.place, x.stride, best.size];
  const order = Array.from({ length }, (_, i) => i);
  board.runs.push((v, n) => {
    const [from, found, at] = [v[p], v[o], v[q]];
    for (let r = 0; r < n; r++) {
      for (let outer = 0; outer < before; outer++) {
        for (let inner = 0; inner < after; inner++) {
          const start = r * stride + outer * length * after + inner;
          const element = (/** @type {number} */ i) => from[start + i * after];
          // NaN has no place among numbers, and ONNX Runtime's depends on where it stands.
          if (order.some((i) => element(i) !== element(i))) throw new RangeError("TopK of NaN");
          const sign = largest ? -1 : 1;
          const ranked = [...order].sort((i, j) => (element(i) < element(j) ? -sign : element(i) > element(j) ? sign : 0));
          for (let k = 0; k < count; k++) {
            const to = r * size + (outer * count + k) * after + inner;
            found[to] = element(ranked[k]);
            at[to] = BigInt(ranked[k]);
          }
        }
      }
    }
  });
  return [best, places];
}

/** @type {Record<string, import("./values.js").Prepare>} */
export const selection = { TopK: topK };
