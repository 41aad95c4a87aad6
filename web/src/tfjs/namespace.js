/**
 * Where this copy of TF.js keeps its engine and its kernels: its own, in place of the page's globals.
 *
 * TF.js 4.22.0 keeps both in `globalThis`, one for all copies. Two bundles in a page, or a bundle beside the page's own
 * TF.js, then have one current backend, and tensors and kernels of each other. The address of the page (`?tfjsflags=`)
 * sets no flag of this copy, either. Stands in for tfjs-core's global_util.js in the build.
 */

/** What TF.js reads of the global object, and no more. */
const own = {
  get fetch() {
    return globalThis.fetch?.bind(globalThis);
  },
  get atob() {
    return globalThis.atob?.bind(globalThis);
  },
  get screen() {
    return globalThis.screen;
  },
};

/** @type {Map<string, any>} */
const singletons = new Map();

/** @returns {any} */
export function getGlobalNamespace() {
  return own;
}

/** @template T @param {string} key @param {() => T} init @returns {T} */
export function getGlobal(key, init) {
  if (!singletons.has(key)) singletons.set(key, init());
  return singletons.get(key);
}
