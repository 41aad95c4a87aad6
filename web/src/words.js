/**
 * The words of a refusal, the twin of `isoship_edge.encoding.words`; both pass tests/vectors/rows.json.
 */

const EXPECTED = { double: "a number", int64: "an integer", bool: "true or false", string: "a string" };
const SHOWN = 10;
const LONGEST = 40;

/**
 * A string as JSON, cut after 40 code points. `JSON.stringify` escapes lone surrogates itself.
 * @param {string} text
 */
export function quoted(text) {
  // Twice as many UTF-16 units hold at least that many code points: a huge string is not walked.
  const points = Array.from(text.slice(0, 2 * LONGEST + 2));
  return points.length <= LONGEST ? JSON.stringify(text) : `${JSON.stringify(points.slice(0, LONGEST).join(""))}...`;
}

/**
 * The first ten, as JSON.
 * @param {readonly any[]} values
 */
export function listed(values) {
  const shown = values.slice(0, SHOWN).map((v) => (typeof v === "string" ? quoted(v) : String(v)));
  return shown.join(", ") + (values.length > SHOWN ? ` and ${values.length - SHOWN} more` : "");
}

/**
 * What a column accepts (`what`, where its type alone does not say it), and ` or null` where it does.
 * @param {import("./manifest.js").Column} column @param {string} [what]
 */
export function expectedOf(column, what) {
  const nullable = column.missing && (column.dtype === "double" || column.dtype === "string");
  return (what ?? EXPECTED[column.dtype]) + (nullable ? " or null" : "");
}

/**
 * `what` in the range of a column that has one end or two: `a number above 0 and at most 10`.
 * @param {string} what @param {import("./manifest.js").Column} column
 */
export function within(what, { minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
  if (minimum !== null && maximum !== null) return `${what} from ${minimum} to ${maximum}`;
  /** @type {[string, number | null][]} */
  const ends = [["at least", minimum], ["above", exclusiveMinimum], ["at most", maximum], ["below", exclusiveMaximum]];
  return `${what} ${ends.filter(([, end]) => end !== null).map(([words, end]) => `${words} ${end}`).join(" and ")}`;
}

/**
 * `an integer from 0 to 10`; a column of integers that no double holds says what to do.
 * @param {number} lowest @param {number} highest
 */
export function integerWithin(lowest, highest) {
  if (lowest > highest) {
    return "an integer that a double holds, which this column has none of (train on doubles or text, export again)";
  }
  return `an integer from ${lowest} to ${highest}`;
}

/**
 * A value named by its type, never walked into: `a string "x"`, `a number 1.5`, `an array`.
 * @param {unknown} value
 */
export function got(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  switch (typeof value) {
    case "boolean":
      return `a boolean ${value}`;
    case "string":
      return `a string ${quoted(value)}`;
    case "number":
      return `a number ${Object.is(value, -0) ? 0 : value}`;
    case "bigint":
      return `a number ${Number(value)}`;
    case "object":
      return "an object";
    default:
      return `a value of type ${typeof value}`;
  }
}
