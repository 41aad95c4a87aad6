/**
 * Operators of the JavaScript program by name, as `export/isoship/tfjs/program_ops.py` lists them.
 *
 * @typedef {import("../value.js").Value} Value
 * @typedef {{attrs: Record<string, any>, constants: Map<string, Value>, outputs: number}} Step
 * @typedef {(inputs: any[], step: Step) => Value | Value[]} Op `inputs` are Values; an absent optional one is null
 */

import { arithmetic } from "./arithmetic.js";
import { cast } from "./cast.js";
import { compare } from "./compare.js";
import { indexing } from "./indexing.js";
import { layout } from "./layout.js";
import { lookup } from "./lookup.js";
import { math } from "./math.js";
import { product } from "./product.js";
import { rank } from "./rank.js";
import { reduce } from "./reduce.js";
import { softmax } from "./softmax.js";

/** @type {Map<string, Op>} */
export const OPS = new Map();

for (const family of [arithmetic, cast, compare, indexing, layout, lookup, math, product, rank, reduce, softmax]) {
  for (const [name, op] of Object.entries(family)) {
    if (OPS.has(name)) throw new Error(`operator ${name} is registered twice`);
    OPS.set(name, op);
  }
}
