/**
 * CSV in and out of the page: RFC 4180, comma separated (semicolons where the header has no comma).
 */

import { NUMBER, holds } from "./controls/decimal.js";
import { InputError } from "../errors.js";

/** What a spreadsheet may take for a formula at the start of a cell. */
const FORMULA = /^[\s]*[=+\-@\t\r]/;
/** The same behind what another country's spreadsheet takes for the end of a cell; quotes inside a line do not help. */
const FORMULA_BEHIND = /([;\t\r\n]\s*)(?=[=+\-@])/g;

/**
 * The cells of a CSV text, row by row; null for an empty cell that is not in quotes. Empty lines are no rows.
 * @param {string} text @returns {(string | null)[][]}
 * @throws {InputError} a quote that is not closed
 */
export function cellsFromCsv(text) {
  const body = text.replace(/^\ufeff/, "");
  const header = body.slice(0, body.search(/[\r\n]|$/));
  const separator = !header.includes(",") && header.includes(";") ? ";" : ",";
  /** @type {(string | null)[][]} */
  const table = [];
  /** @type {(string | null)[]} */
  let row = [];
  let cell = "";
  let quoted = false; // inside quotes
  let wasQuoted = false;
  const endCell = () => {
    row.push(cell === "" && !wasQuoted ? null : cell);
    cell = "";
    wasQuoted = false;
  };
  const endRow = () => {
    if (row.length > 0 || cell !== "" || wasQuoted) {
      endCell();
      table.push(row);
    }
    row = [];
  };
  for (let i = 0; i < body.length; i++) {
    const c = body[i];
    if (quoted) {
      if (c !== '"') cell += c;
      else if (body[i + 1] === '"') cell += body[++i];
      else quoted = false;
    } else if (c === '"' && cell === "") quoted = wasQuoted = true;
    else if (c === separator) endCell();
    else if (c === "\n" || c === "\r") {
      if (c === "\r" && body[i + 1] === "\n") i++;
      endRow();
    } else cell += c;
  }
  if (quoted) throw new InputError("the file ends inside a quoted cell");
  endRow();
  return table;
}

/**
 * Rows for `predict`, read by the signature: a zip code stays a string, and only the empty cell is missing.
 * Columns that the model does not know are left out.
 *
 * @param {(string | null)[]} header @param {(string | null)[][]} lines @param {import("../manifest.js").Signature} signature
 * @returns {Record<string, any>[]}
 * @throws {InputError} a column is missing or doubled, a line is too long or short, a cell does not read
 */
export function rowsFromCells(header, lines, signature) {
  const places = signature.columns.map(({ name }) => {
    const place = header.indexOf(name);
    if (place < 0) throw new InputError(`the file has no column ${JSON.stringify(name)}`, { column: name });
    if (header.indexOf(name, place + 1) >= 0) throw new InputError(`the file has the column ${JSON.stringify(name)} twice`, { column: name });
    return place;
  });
  return lines.map((line, i) => {
    if (line.length !== header.length) throw new InputError(`row ${i}: ${line.length} cells for ${header.length} columns`, { row: i });
    return Object.fromEntries(signature.columns.map((column, j) => [column.name, valueFromText(line[places[j]], column, i)]));
  });
}

/**
 * The twin of `isoship_edge.encoding.cells.cell`.
 * @param {string | null} text @param {import("../manifest.js").Column} column @param {number} row
 * @returns {any} null for a missing value; what does not read stays text, which `predict` refuses by name
 */
export function valueFromText(text, column, row) {
  if (text === null || text === "") return column.empty === "value" || (column.empty === "quoted" && text === "") ? "" : null;
  const trimmed = text.trim();
  if (column.dtype === "string") return text;
  const truth = /^true$/i.test(trimmed) ? true : /^false$/i.test(trimmed) ? false : null;
  if (truth !== null) return column.dtype === "bool" ? truth : Number(truth);
  if (column.dtype === "bool") return NUMBER.test(trimmed) && [0, 1].includes(Number(trimmed)) ? Number(trimmed) === 1 : text;
  if (!NUMBER.test(trimmed)) return text;
  const number = Number(trimmed);
  // Digits that a double would round away are not the number that the file says.
  if (column.dtype === "int64" && !holds(number, trimmed)) {
    throw new InputError(`row ${row}, column ${JSON.stringify(column.name)}: ${trimmed} has more digits than a double holds`, { row, column: column.name });
  }
  return number;
}

/**
 * The file's own titles and the model's, which get a prefix where the file has their names.
 * @param {(string | null)[]} header @param {string[]} made @returns {string[]}
 */
export function titlesBeside(header, made) {
  const titles = header.map((name) => name ?? "");
  for (let name of made) {
    while (titles.includes(name)) name = `predicted_${name}`;
    titles.push(name);
  }
  return titles;
}

/**
 * CSV text. Cells that a spreadsheet would run as a formula get an apostrophe in front; numbers stay as they are.
 * @param {any[][]} table
 */
export function csvFromCells(table) {
  return table.map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";
}

/** @param {any} value */
function csvCell(value) {
  let text = value === null || value === undefined ? "" : String(value);
  if (FORMULA.test(text) && !NUMBER.test(text)) text = `'${text}`;
  text = text.replace(FORMULA_BEHIND, "$1'");
  return value === "" || /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}
