/**
 * The application's own TF.js, which ./slim runs on: its copy, its backends, its kernels. Nothing of it is loaded before a
 * graph is. Stands in for given.js in the build (slim.mjs).
 */

import { BackendError } from "../errors.js";

/** @type {Promise<any> | null} */
let opened = null;

/** @param {any} tf what `load` was given @returns {Promise<any>} @throws {BackendError} the application has no TF.js */
export async function givenTf(tf) {
  if (tf !== undefined) return tf;
  opened ??= theApplications().catch((err) => {
    opened = null;
    throw err;
  });
  return opened;
}

async function theApplications() {
  // Each import stands in a `try`, which tells bundlers that an application may do without.
  try {
    const { backend, engine, env, findBackend, findBackendFactory, getBackend, ready, registerBackend, removeBackend, setBackend, tensor } = await import("@tensorflow/tfjs-core");
    const { loadGraphModel } = await import("@tensorflow/tfjs-converter");
    if (engine().backendNames().length === 0) await import("@tensorflow/tfjs-backend-cpu");
    await ready();
    return { backend, engine, env, findBackend, findBackendFactory, getBackend, loadGraphModel, ready, registerBackend, removeBackend, setBackend, tensor };
  } catch (err) {
    const install = "npm install @tensorflow/tfjs-core @tensorflow/tfjs-converter @tensorflow/tfjs-backend-cpu";
    throw new BackendError(`the application's own TF.js does not start: ${/** @type {Error} */ (err).message}. ${install}, or import the package without /slim`, { cause: err });
  }
}
