/**
 * Errors of the browser runtime, the twins of `isoship_edge.errors`.
 *
 * IsoshipError
 * ├── BundleError    a file of the bundle is missing, damaged or of a newer format
 * ├── InputError     a row, or tensors, that the model's input contract refuses
 * └── BackendError   a TF.js backend that this place does not have, or that cannot be exact here
 */

export class IsoshipError extends Error {}

export class BundleError extends IsoshipError {}

export class BackendError extends IsoshipError {}

export class InputError extends IsoshipError {
  /**
   * @param {string} message
   * @param {{row?: number | null, column?: string | null, input?: string | null, index?: number[] | null,
   *   seen?: string | null, expected?: string | null}} [where] `row` counts from 0; `input` and where in it, of tensors
   */
  constructor(message, { row = null, column = null, input = null, index = null, seen = null, expected = null } = {}) {
    super(message);
    this.row = row;
    this.column = column;
    this.input = input;
    this.index = index;
    this.seen = seen;
    this.expected = expected;
  }
}

// A class's own name is a minifier's to change.
for (const [name, { prototype }] of Object.entries({ IsoshipError, BundleError, BackendError, InputError })) {
  Object.defineProperty(prototype, "name", { value: name, configurable: true, writable: true });
}
