/**
 * Every operator of the row program. The list that the exporter writes by is `isoship.row_program.operators`; a test
 * holds the two against each other.
 */

import { BundleError } from "../errors.js";
import { arithmetic } from "./arithmetic.js";
import { casts } from "./casts.js";
import { comparisons } from "./comparisons.js";
import { functions } from "./functions.js";
import { indexing } from "./indexing.js";
import { layout } from "./layout.js";
import { lookups } from "./lookups.js";
import { products } from "./products.js";
import { reductions } from "./reductions.js";
import { selection } from "./selection.js";
import { softmax } from "./softmax.js";
import { ensembles } from "./trees.js";

/** @type {Map<string, import("./values.js").Prepare>} */
export const OPERATORS = new Map(
  [arithmetic, casts, comparisons, functions, indexing, layout, lookups, products, reductions, selection, softmax, ensembles].flatMap(Object.entries),
);

/** What makes a step of this operator ready. @param {any} op @throws {BundleError} there is no such operator here */
export function prepareOf(op) {
  const prepare = OPERATORS.get(op);
  if (prepare === undefined) throw new BundleError(`this runtime has no operator ${JSON.stringify(op)}; the bundle needs a newer one`);
  return prepare;
}
