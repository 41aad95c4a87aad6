/**
 * A bundle in a worker of its own, with the same methods as in the page.
 */

import { BackendError, BundleError, InputError, IsoshipError } from "../errors.js";
import { addressOf } from "../files.js";
import { folder } from "../places.js";
import { plainCopy } from "./plain.js";

/** @type {Record<string, new (message: string, where?: any) => Error>} */
const ERRORS = { BackendError, BundleError, InputError, IsoshipError };
const DISPOSED = "the worker was disposed of: loadInWorker() again";

/**
 * @typedef {{backend: string, trust: any}} State
 * @typedef {{resolve: (result: any) => void, reject: (err: any) => void}} Call
 */

/**
 * @param {import("../index.d.ts").WorkerOptions} [options] `baseUrl` is relative to the page; `worker`: one that runs
 *   worker.js, as your bundler makes it, or where worker.js is
 * @returns {Promise<any>} the model
 */
export async function loadInWorker({ baseUrl, worker, onProgress, signal, ...options } = {}) {
  signal?.throwIfAborted();
  const there = new There(workerOf(worker), onProgress);
  const abort = () => there.end(signal?.reason);
  signal?.addEventListener("abort", abort);
  try {
    const { manifest, form, inputs, engine } = await there.ask("load", { ...options, baseUrl: baseUrl === undefined ? undefined : addressOf(baseUrl).href, reports: onProgress !== undefined });
    return {
      manifest, form, inputs, engine,
      get backend() {
        return there.state.backend;
      },
      get trust() {
        return there.state.trust;
      },
      predict: (/** @type {any} */ given) => there.ask("predict", given),
      predictTensors: (/** @type {any} */ given) => there.ask("predictTensors", given),
      explainInput: (/** @type {any} */ given) => there.ask("explainInput", given),
      selftest: () => there.ask("selftest"),
      dispose: () => there.end(new IsoshipError(DISPOSED)),
    };
  } catch (err) {
    there.end(err);
    throw err;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** The page's end of the line to a worker. */
class There {
  #worker;
  #onProgress;
  /** @type {Map<number, Call>} */
  #waiting = new Map();
  #last = 0;
  /** Why nobody is there any more. @type {{reason: any} | null} */
  #ended = null;
  /** @type {State} */
  state = { backend: "", trust: null };

  /** @param {Worker} worker @param {((progress: any) => void) | undefined} onProgress */
  constructor(worker, onProgress) {
    this.#worker = worker;
    this.#onProgress = onProgress;
    worker.addEventListener("message", ({ data }) => this.#hear(data));
    worker.addEventListener("error", (event) => this.end(new IsoshipError(`the worker stopped: ${event.message || NOT_LOADED}`)));
    worker.addEventListener("messageerror", () => this.end(new IsoshipError("the worker sent what this page cannot read")));
  }

  /** @param {{id: number, result?: any, error?: any, state?: State, progress?: any}} said */
  #hear({ id, result, error, state, progress }) {
    if (progress !== undefined) return this.#onProgress?.(progress);
    const call = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (state !== undefined) this.state = state;
    if (error) call?.reject(errorFrom(error));
    else call?.resolve(result);
  }

  /** @param {string} method @param {any[]} args @returns {Promise<any>} */
  async ask(method, ...args) {
    if (this.#ended !== null) throw this.#ended.reason;
    const id = ++this.#last;
    this.#send({ id, method, args });
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** Rows may be Proxies (Vue, MobX), which cannot be sent: their values are. @param {{id: number, method: string, args: any[]}} message */
  #send(message) {
    try {
      this.#worker.postMessage(message);
    } catch (err) {
      if (/** @type {Error} */ (err).name !== "DataCloneError") throw err;
      this.#worker.postMessage({ ...message, args: message.args.map((given) => plainCopy(given)) });
    }
  }

  /** Ends the worker, and every call that waits. @param {any} reason */
  end(reason) {
    if (this.#ended !== null) return;
    this.#ended = { reason };
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }
}

/** Beside this file. Not a literal in `new URL`, which bundlers follow: each makes workers in a way of its own. */
const WORKER = "worker.js";
const NOT_LOADED =
  "its script did not load. With a bundler, let it make the worker: loadInWorker({ worker }) (README.md of the package)." +
  " From another origin, the page's policy has to allow worker-src blob: and that origin";

/** @param {Worker | string | URL} [given] @returns {Worker} */
function workerOf(given) {
  if (typeof given === "object" && !(given instanceof URL)) return given;
  if (typeof Worker === "undefined") throw new IsoshipError("there is no Worker here: loadInWorker() is for pages and workers, Deno and Bun. In Node, load() answers in this thread");
  const url = given === undefined ? besideUs() : addressOf(given);
  const origin = globalThis.location?.origin;
  if (origin === undefined || url.origin === origin || !url.protocol.startsWith("http")) return new Worker(url, { type: "module" });
  // A worker's script has to be of the page's own origin; what it imports need not be.
  const script = URL.createObjectURL(new Blob([`import ${JSON.stringify(url.href)};`], { type: "text/javascript" }));
  const worker = new Worker(script, { type: "module" });
  for (const event of ["message", "error"]) worker.addEventListener(event, () => URL.revokeObjectURL(script), { once: true });
  return worker;
}

function besideUs() {
  try {
    return new URL(WORKER, folder());
  } catch (err) {
    throw new IsoshipError("the bundler left the bundle's folder behind, and the worker with it: let it make one, loadInWorker({ worker }) (README.md of the package)", { cause: err });
  }
}

/** @param {any} error what crossed over from the worker */
function errorFrom({ name, message, ...where }) {
  const known = Object.hasOwn(ERRORS, name) ? ERRORS[name] : IsoshipError;
  return known === InputError ? new InputError(message, where) : new known(message);
}
