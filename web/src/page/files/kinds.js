/**
 * What a file is, by its first bytes.
 */

import { InputError } from "../../errors.js";

const TAKES = "This page takes a CSV file (UTF-8, a header line, commas or semicolons) or a Parquet file";
/** @type {[string, string][]} first bytes as Latin-1, and what begins so */
const OTHERS = [
  ["\x89PNG", "a PNG picture"],
  ["\xff\xd8\xff", "a JPEG picture"],
  ["GIF8", "a GIF picture"],
  ["%PDF", "a PDF document"],
  ["\x1f\x8b", "compressed by gzip: unpack it first"],
  ["PK\x03\x04", "a ZIP archive, as spreadsheets (.xlsx, .ods) are: save the sheet as CSV"],
  ["\xd0\xcf\x11\xe0", "an old spreadsheet or document: save it as CSV"],
  ["SQLite format 3", "an SQLite database"],
  ["ARROW1", "an Arrow file (Feather): save it as Parquet"],
  ["PARE", "an encrypted Parquet file: save it without encryption"],
];

/**
 * @param {Uint8Array} head its first bytes @param {string} name
 * @returns {boolean} whether it is Parquet; else it may be CSV
 * @throws {InputError} it is neither
 */
export function refuseOthers(head, name) {
  const start = String.fromCharCode(...head);
  if (start.startsWith("PAR1")) return true;
  const other = OTHERS.find(([mark]) => start.startsWith(mark))?.[1];
  if (other !== undefined) throw new InputError(`the file is ${other}. ${TAKES}`);
  if (/\.parquet$/i.test(name)) throw new InputError(`the file is not Parquet, whatever its name says: it does not begin with PAR1. ${TAKES}`);
  return false;
}
