/**
 * What is taken of hyparquet and its decompressors: web/build.mjs makes one file of it, which is loaded when a Parquet
 * file arrives. Snappy is hyparquet's own, in JavaScript.
 */

export { parquetMetadataAsync, parquetScan, parquetSchema } from "hyparquet";
// @ts-expect-error these files come without types, and the package's index compiles WebAssembly when it is imported
import { decompressBrotli } from "hyparquet-compressors/src/brotli.js";
// @ts-expect-error as above
import { gunzip } from "hyparquet-compressors/src/gzip.js";
// @ts-expect-error as above
import { decompressLz4, decompressLz4Raw } from "hyparquet-compressors/src/lz4.js";
import { decompress } from "fzstd";

/** @type {import("hyparquet").Compressors} */
export const compressors = {
  GZIP: (input, length) => gunzip(input, new Uint8Array(length)),
  BROTLI: decompressBrotli,
  ZSTD: (input) => decompress(input),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
};
