/**
 * The manifest: what a bundle says of itself. The twin of `isoship_edge.manifest`; both pass
 * tests/vectors/manifests.json.
 *
 * @typedef {"double" | "int64" | "bool" | "string"} ColumnDType
 * @typedef {string | number | boolean} Scalar
 * @typedef {{name: string, dtype: ColumnDType, missing: boolean, infinity: boolean, categories: Scalar[] | null,
 *   minimum: number | null, maximum: number | null, exclusiveMinimum: number | null,
 *   exclusiveMaximum: number | null, empty: "value" | "quoted" | null, input: string | null}} Column `empty`:
 *   what the empty cell of a CSV file means; `input`: the tensor's name where it is not the column's
 *   (`isoship_edge.manifest.Column`)
 * @typedef {{layout: "columns" | "matrix" | "tensors", columns: Column[], inputs?: any[]}} Signature `inputs`: of
 *   tensors, as the document has them
 * @typedef {{name: string, kind: string, dtype: string, shape: (string | number)[], classes: Scalar[] | null,
 *   keys: string[] | null}} Output `keys` are the classes as Python's `str` writes them, the keys of predictions
 * @typedef {{atol: number, rtol: number, reason: string}} Tolerance
 * @typedef {{name: string, version: string, digest: string, signature: Signature, outputs: Output[],
 *   tolerances: Record<string, Record<string, Tolerance>>, encoder: object | null,
 *   provenance: Record<string, string>, files: Record<string, string>}} Manifest
 */

import { BundleError } from "./errors.js";
import { pythonFloat } from "./encode.js";
import { jsonFrom, textFrom } from "./files.js";
import { sha256 } from "./sha256.js";

/** The newest format that is read, that of signatures of tensors; those of columns are written in format 1. */
export const FORMAT = 2;
const DTYPES = ["double", "int64", "bool", "string"];
const OUTPUT_DTYPES = [...DTYPES, "float"];
/** The kind of a tensor model's outputs, whose dtypes are `tensors/signature.js`'s to look at, as its inputs are. */
const TENSOR = "tensor";
const KINDS = ["label", "probabilities", "scores", "score_samples", "value", "transformed"];
const CHECKSUM = '"checksum": "';
const NUMBER_OR_STRING = /"(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/g;

/**
 * Reads manifest.json, and holds it against its own checksum where it has one (`isoship_edge.manifest.sealed`).
 * @param {ArrayBuffer} bytes @returns {Promise<Manifest>}
 * @throws {BundleError} it is no manifest, not what was written, or of a newer format
 */
export async function manifestFromBytes(bytes) {
  const text = textFrom(bytes, "manifest.json");
  const document = jsonFrom(bytes, "manifest.json");
  if (isObject(document) && [1, FORMAT].includes(document.format) && document.checksum !== undefined) {
    const start = text.lastIndexOf(CHECKSUM) + CHECKSUM.length;
    const zeroed = text.slice(0, start) + "0".repeat(64) + text.slice(start + 64);
    if (start < CHECKSUM.length || (await sha256(new TextEncoder().encode(zeroed))) !== document.checksum) {
      throw new BundleError("manifest.json was changed after the export. Copy the bundle again, or export it again");
    }
  }
  return manifestFromText(text);
}

/**
 * Reads the text of manifest.json.
 * @param {string} text @returns {Manifest}
 * @throws {BundleError} it is no manifest, damaged, or of a newer format
 */
export function manifestFromText(text) {
  let document, source;
  try {
    document = JSON.parse(text);
    source = JSON.parse(text.replace(NUMBER_OR_STRING, (token) => (token[0] === '"' ? token : `{"digits":"${token}"}`)));
  } catch (err) {
    throw new BundleError(`manifest.json is not JSON: ${/** @type {Error} */ (err).message}`, { cause: err });
  }
  if (!isObject(document) || !Number.isInteger(document.format)) {
    throw new BundleError("this is no isoship manifest: it has no integer `format`");
  }
  if (document.format > FORMAT) {
    throw new BundleError(
      `this bundle has manifest format ${document.format}; this isoship reads formats up to ${FORMAT}.` +
        " Use the version of isoship that wrote it, or a newer one",
    );
  }
  try {
    return {
      name: string(document.name, "name"),
      version: string(document.version, "version"),
      digest: string(document.digest, "digest"),
      signature: signatureFrom(document.signature),
      outputs: array(document.outputs, "outputs").map((output, i) => outputFrom(output, source.outputs[i])),
      tolerances: tolerancesFrom(document.tolerances),
      encoder: document.encoder === null ? null : object(document.encoder, "encoder"),
      provenance: object(document.provenance, "provenance"),
      files: object(document.files, "files"),
    };
  } catch (err) {
    if (!(err instanceof Damage)) throw err;
    throw new BundleError(`this manifest is damaged: ${err.message}`, { cause: err });
  }
}

/** Whether the bundle's web folder has the row program. @param {Manifest} manifest */
export function hasRowProgram({ files }) {
  return Object.hasOwn(files, "web/rows.json");
}

class Damage extends Error {}

/** @param {any} document @returns {Signature} */
export function signatureFrom(document) {
  const { layout, columns, inputs } = object(document, "signature");
  if (layout === "tensors") return { layout, columns: [], inputs: array(inputs, "signature.inputs") };
  if (layout !== "columns" && layout !== "matrix") throw new Damage(`signature.layout is ${JSON.stringify(layout)}`);
  return {
    layout,
    columns: array(columns, "signature.columns").map((column) => {
      const name = string(object(column, "a column").name, "a column's name");
      if (!DTYPES.includes(column.dtype)) throw new Damage(`column ${JSON.stringify(name)} has dtype ${JSON.stringify(column.dtype)}`);
      if (typeof column.missing !== "boolean") throw new Damage(`column ${JSON.stringify(name)} has no \`missing\``);
      return {
        name,
        dtype: column.dtype,
        missing: column.missing,
        infinity: column.infinity ?? false,
        categories: column.categories === undefined ? null : array(column.categories, "categories"),
        minimum: end(column, "minimum"),
        maximum: end(column, "maximum"),
        exclusiveMinimum: end(column, "exclusiveMinimum"),
        exclusiveMaximum: end(column, "exclusiveMaximum"),
        empty: emptyOf(column),
        input: column.input === undefined ? null : string(column.input || null, "a column's input"),
      };
    }),
  };
}

/** @param {any} column @returns {"value" | "quoted" | null} */
function emptyOf(column) {
  const found = column.empty ?? null;
  if (found !== null && (!["value", "quoted"].includes(found) || column.dtype !== "string")) {
    throw new Damage(`column ${JSON.stringify(column.name)} cannot have the empty ${JSON.stringify(found)}`);
  }
  return found;
}

/** @param {any} column @param {"minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum"} key @returns {number | null} */
function end(column, key) {
  const found = column[key];
  if (found === undefined) return null;
  const twice = (key === "exclusiveMinimum" && "minimum" in column) || (key === "exclusiveMaximum" && "maximum" in column);
  const fits = column.dtype === "double" || (column.dtype === "int64" && !key.startsWith("exclusive"));
  if (twice || !fits || typeof found !== "number") {
    throw new Damage(`column ${JSON.stringify(column.name)} cannot have the ${key} ${JSON.stringify(found)}`);
  }
  return found;
}

/**
 * @param {any} document @param {any} source the same with every number as `{digits}`: 1 and 1.0 are different
 *   classes to Python, and int64 classes may have more digits than a double
 * @returns {Output}
 */
function outputFrom(document, source) {
  const { name, kind, dtype, shape, classes } = object(document, "an output");
  if (kind !== TENSOR && (!KINDS.includes(kind) || !OUTPUT_DTYPES.includes(dtype))) {
    throw new Damage(`output ${JSON.stringify(name)} has kind ${JSON.stringify(kind)} and dtype ${JSON.stringify(dtype)}`);
  }
  return {
    name: string(name, "an output's name"),
    kind,
    dtype,
    shape: array(shape, "an output's shape"),
    classes: classes == null ? null : array(classes, "classes"),
    keys: classes == null ? null : source.classes.map(pythonKey),
  };
}

/** @param {any} source */
function pythonKey(source) {
  if (typeof source === "boolean") return source ? "True" : "False";
  const digits = source?.digits;
  if (digits === undefined) return String(source);
  return /^-?[0-9]+$/.test(digits) ? BigInt(digits).toString() : pythonFloat(Number(digits));
}

/** @param {any} document @returns {Manifest["tolerances"]} */
function tolerancesFrom(document) {
  for (const byPrecision of Object.values(object(document, "tolerances"))) {
    for (const { atol, rtol, reason } of Object.values(object(byPrecision, "a tolerance")).map((t) => object(t, "a tolerance"))) {
      if (typeof atol !== "number" || typeof rtol !== "number" || typeof reason !== "string") {
        throw new Damage("a tolerance lacks atol, rtol or reason");
      }
    }
  }
  return document;
}

/** @param {any} x */
function isObject(x) {
  return x !== null && typeof x === "object" && !Array.isArray(x);
}

/** @param {any} x @param {string} what @returns {any} */
function object(x, what) {
  if (!isObject(x)) throw new Damage(`${what} is no object`);
  return x;
}

/** @param {any} x @param {string} what @returns {any[]} */
function array(x, what) {
  if (!Array.isArray(x)) throw new Damage(`${what} is no list`);
  return x;
}

/** @param {any} x @param {string} what @returns {string} */
function string(x, what) {
  if (typeof x !== "string") throw new Damage(`${what} is no string`);
  return x;
}
