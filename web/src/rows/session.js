/**
 * A row program as a session of a bundle: what `load` answers with, in doubles, without TF.js.
 */

import { BundleError } from "../errors.js";
import { jsonFrom } from "../files.js";
import { value } from "../value.js";
import { MATRIX_INPUT } from "../validate.js";
import { RowProgram } from "./program.js";
import { sizeOf } from "./values.js";

/** @typedef {import("../value.js").Value} Value */

/**
 * @param {Promise<ArrayBuffer>} json @param {() => Promise<ArrayBuffer>} readBinary called where a constant lies in rows.bin
 * @param {import("../manifest.js").Manifest} manifest
 * @throws {BundleError} a file is damaged, of a newer format, or of another model
 */
export async function rowSession(json, readBinary, manifest) {
  const document = jsonFrom(await json, "rows.json");
  const inBinary = Object.values(document?.constants ?? {}).some((constant) => constant?.data === undefined);
  return new RowSession(new RowProgram(document, inBinary ? await readBinary() : null), manifest);
}

/** The contract of `../index.js`. */
class RowSession {
  engine = /** @type {const} */ ("rows");
  backend = "javascript";
  graph = null;
  precision = "double";
  #program;
  #outputs;

  /** @param {RowProgram} program @param {import("../manifest.js").Manifest} manifest */
  constructor(program, manifest) {
    refuseOther(program, manifest);
    this.#program = program;
    this.#outputs = manifest.outputs.map(({ name, dtype, shape }) => {
      const at = program.outputs.findIndex((output) => output.name === name);
      return { name, at, dtype: /** @type {import("../value.js").DType} */ (dtype), width: shape.slice(1).map(Number) };
    });
    this.mostRows = program.mostRows;
  }

  /** Every output for so many rows. @param {Map<string, Value>} inputs @param {number} rows at most `mostRows` @returns {Map<string, Value>} */
  answer(inputs, rows) {
    const made = this.#program.answer(this.#program.inputs.map(({ name }) => inputs.get(name)?.data), rows);
    return new Map(this.#outputs.map(({ name, at, dtype, width }) => [name, value(dtype, [rows, ...width], made[at])]));
  }

  dispose() {}
}

/**
 * Names, dtypes and widths must be the manifest's.
 * @param {RowProgram} program @param {import("../manifest.js").Manifest} manifest @throws {BundleError}
 */
function refuseOther(program, { signature: { layout, columns }, outputs }) {
  const width = (/** @type {(string | number)[]} */ shape) => sizeOf(shape.slice(1).map(Number));
  const takes = layout === "matrix" ? [[MATRIX_INPUT, "double", columns.length]] : columns.map(({ name, input, dtype }) => [input ?? name, dtype, 1]);
  const gives = outputs.map(({ name, dtype, shape }) => [name, dtype, width(shape)]);
  const has = (/** @type {any[][]} */ wanted, /** @type {import("./program.js").Kind[]} */ kinds) =>
    wanted.every(([name, dtype, size]) => kinds.some((kind) => kind.name === name && kind.dtype === dtype && kind.size === size));
  if (program.inputs.length !== takes.length || !has(takes, program.inputs) || !has(gives, program.outputs)) {
    throw new BundleError("rows.json is of other inputs or outputs than the manifest");
  }
}
