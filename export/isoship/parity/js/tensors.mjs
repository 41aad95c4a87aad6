// Tensors between a runner and its driver: {dtype, shape, data}, data in base64, or a list where it is strings.

const ARRAYS = {
  float64: Float64Array,
  float32: Float32Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** @param {string} dtype @param {any} data */
export function dataFrom(dtype, data) {
  if (dtype === "string") return data;
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  return new ARRAYS[/** @type {keyof typeof ARRAYS} */ (dtype)](bytes.buffer);
}

/** @param {any} data a typed array, or strings */
export function dataOf(data) {
  return Array.isArray(data) ? data : base64(data);
}

/** @param {ArrayBufferView} array */
function base64(array) {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}
