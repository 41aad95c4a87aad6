/**
 * Parquet, a row group at a time: the model's columns, and of the others those that are numbers, text or booleans.
 *
 * As `isoship predict` does (`isoship_edge.encoding.cells.value`): null and NaN are missing, integers and booleans are
 * taken for text, text for numbers; a column of the model's that holds something else is refused by its name.
 */

import { InputError } from "../../errors.js";
import { expectedOf, got, listed } from "../../words.js";
import { Block, ROWS, refusalFrom } from "./block.js";
import { valueFromText } from "./cells.js";
import { compressors, parquetMetadataAsync, parquetScan, parquetSchema } from "./hyparquet.js";
import { csvLine } from "./written.js";

/** Where pandas keeps an index that has no name. */
const INDEX = /^__index_level_\d+__$/;
const ADVICE = "a float, which has no one text: store the column as strings, or as integers with nulls for its gaps";
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * @param {Blob} file @param {import("../../manifest.js").Signature} signature @param {import("./answers.js").Answers} answers
 * @param {(bytes: number) => Promise<void>} between called between two blocks
 * @returns {Promise<string[]>} the columns that are left out
 * @throws {InputError} no Parquet file, a damaged one, or one without the model's columns
 */
export async function readParquet(file, signature, answers, between) {
  const buffer = { byteLength: file.size, slice: (/** @type {number} */ start, /** @type {number} */ end) => file.slice(start, end).arrayBuffer() };
  const metadata = await readable(() => parquetMetadataAsync(buffer, { geoparquet: false }));
  const found = parquetSchema(metadata).children.filter(({ element }) => !INDEX.test(element.name));
  const names = found.map(({ element }) => element.name);
  const { columns } = signature;
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new InputError(`the file names the column ${JSON.stringify(twice)} twice`);
  const absent = columns.map(({ name }) => name).filter((name) => !names.includes(name));
  if (absent.length > 0) throw new InputError(`the file lacks the columns ${listed(absent)}; it has ${listed(names)}`);
  const kinds = new Map(found.map((tree) => [tree.element.name, kindOf(tree)]));
  for (const { name } of columns) {
    const kind = /** @type {string} */ (kinds.get(name));
    if (!PLAIN.has(kind)) throw new InputError(`the column ${JSON.stringify(name)} holds ${kind}, of which the model takes none: it takes numbers, text and booleans`);
  }
  const kept = names.filter((name) => PLAIN.has(/** @type {string} */ (kinds.get(name))));
  answers.open(kept);
  const parsers = { stringFromBytes: (/** @type {Uint8Array} */ bytes) => bytes && UTF8.decode(bytes) };
  const scan = await readable(() => parquetScan({ file: buffer, metadata, compressors, parsers, columns: kept, geoparquet: false }));
  const all = Number(metadata.num_rows);
  const block = new Block(signature);
  const floats = columns.map(({ name }) => kinds.get(name) === "floats");
  for (const { rowStart, rowEnd } of scan.ranges) {
    /** @type {any[]} */
    const data = [];
    for (const column of kept) {
      const read = await readable(() => scan.readColumn({ column, rowStart, rowEnd }));
      if (read.length !== rowEnd - rowStart) throw new InputError(`the file is damaged: ${JSON.stringify(column)} has ${read.length} values for ${rowEnd - rowStart} rows`);
      data.push(read);
      await between((file.size * rowStart) / all);
    }
    const ofModel = columns.map(({ name }) => data[kept.indexOf(name)]);
    for (let start = 0; start < rowEnd - rowStart; start += ROWS) {
      fill(block, rowStart + start, ofModel, floats, start, Math.min(ROWS, rowEnd - rowStart - start));
      block.cells = (row) => data.map((values) => shown(values[start + row]));
      block.text = (row) => csvLine(block.cells(row));
      await answers.add(block);
      await between((file.size * (rowStart + start)) / all);
    }
  }
  return names.filter((name) => !kept.includes(name));
}

/** @template T @param {() => T | Promise<T>} read @returns {Promise<T>} @throws {InputError} what is wrong with the file */
async function readable(read) {
  try {
    return await read();
  } catch (err) {
    const why = err instanceof TypeError && /decode|encoded/i.test(err.message) ? "a text in it is not UTF-8" : /** @type {Error} */ (err).message;
    throw new InputError(`the Parquet file cannot be read, it is damaged or cut off: ${why}`, {});
  }
}

/** What a column may hold here. */
const PLAIN = new Set(["integers", "floats", "text", "booleans"]);

/** What a column holds. @param {import("hyparquet").SchemaTree} tree */
function kindOf({ element, children }) {
  const { type, converted_type: converted, logical_type: logical, repetition_type: repetition } = element;
  const said = logical?.type ?? converted;
  if (children.length > 0 || repetition === "REPEATED") return "lists or structures";
  if (said === "STRING" || said === "UTF8" || said === "ENUM") return "text";
  if (said === "DECIMAL") return "decimals";
  if (/^(DATE|TIME|TIMESTAMP|INTERVAL)/.test(String(said)) || type === "INT96") return "dates or times";
  if (type === "BOOLEAN") return "booleans";
  if (type === "BYTE_ARRAY" || type === "FIXED_LEN_BYTE_ARRAY") return "bytes";
  return type === "FLOAT" || type === "DOUBLE" ? "floats" : "integers";
}

/**
 * @param {Block} block @param {number} first the number of its first row @param {any[]} data of the model's columns
 * @param {boolean[]} floats whether a column holds these @param {number} start in the data @param {number} rows
 */
function fill(block, first, data, floats, start, rows) {
  const { columns } = block.signature;
  block.clear(first);
  for (let row = 0; row < rows; row++) {
    /** @type {import("./block.js").Refusal | null} */
    let refusal = null;
    for (let j = 0; j < columns.length && refusal === null; j++) refusal = take(block, j, data[j][start + row], columns[j], floats[j]);
    block.end(0, refusal);
  }
}

/**
 * A value of the row that is read.
 * @param {Block} block @param {number} j @param {any} x @param {import("../../manifest.js").Column} column @param {boolean} float
 * @returns {import("./block.js").Refusal | null}
 */
function take(block, j, x, column, float) {
  const { dtype } = column;
  if (x === null || x === undefined || x !== x) block.put(j, null);
  else if (dtype === "double" && typeof x === "number") block.put(j, x);
  else if (typeof x === "string") {
    if (dtype === "string") {
      block.put(j, x);
      return null;
    }
    try {
      const value = valueFromText(x === "" ? null : x, column);
      if (typeof value === "string") return refused(column, got(value));
      block.put(j, value);
    } catch (err) {
      return refusalFrom(err);
    }
  } else if (dtype === "string") {
    if (float) return refused(column, ADVICE);
    block.put(j, typeof x === "boolean" ? (x ? "True" : "False") : String(x));
  } else if (dtype === "bool") {
    if (typeof x !== "boolean" && Number(x) !== 0 && Number(x) !== 1) return refused(column, got(x));
    block.put(j, Boolean(Number(x)));
  } else block.put(j, dtype === "double" || typeof x === "boolean" ? Number(x) : x);
  return null;
}

/** @param {import("../../manifest.js").Column} column @param {string} seen @returns {import("./block.js").Refusal} */
function refused(column, seen) {
  return { column: column.name, seen, expected: expectedOf(column), message: "" };
}

/** @param {any} x */
function shown(x) {
  return x === null || x === undefined || x !== x ? null : x;
}
