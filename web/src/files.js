/**
 * Reads the files of a bundle: over HTTP in a page or worker, from the disk in Node.
 */

import { BundleError } from "./errors.js";
import { PLACES, folder } from "./places.js";
import { sha256 } from "./sha256.js";

/**
 * @typedef {{signal?: AbortSignal, onProgress?: (progress: {file: string, loaded: number, total: number | null}) => void}} Reading
 *   `loaded` and `total`: bytes of all files that are on their way or here; `total` is null where a server does not say
 */

/**
 * @param {string | URL} given relative to the page in a browser, to this file in Node
 * @returns {URL}
 * @throws {BundleError} it is no address
 */
export function addressOf(given) {
  const page = globalThis.document?.baseURI ?? globalThis.location?.href;
  try {
    return new URL(given, page ?? (SCHEME.test(String(given)) ? undefined : folder()));
  } catch (err) {
    throw new BundleError(`${JSON.stringify(String(given))} is no address from here`, { cause: err });
  }
}

const SCHEME = /^[a-z][a-z0-9+.-]+:/i;

/**
 * @param {string | URL | undefined} baseUrl as in `load`
 * @returns {(name: string) => URL} where a file of the bundle lies: what a bundler carried along, or in the folder
 * @throws {BundleError} nobody can tell
 */
export function placesOf(baseUrl) {
  if (baseUrl !== undefined) {
    const base = addressOf(baseUrl);
    if (!base.pathname.endsWith("/")) base.pathname += "/";
    return (name) => new URL(name, base);
  }
  return (name) => {
    try {
      return Object.hasOwn(PLACES, name) ? PLACES[name] : new URL(name, folder());
    } catch (err) {
      throw new BundleError(`cannot find ${name}: a bundler left the bundle's folder behind. Serve it and name it: load({ baseUrl })`, { cause: err });
    }
  };
}

/**
 * A module that not every visitor needs.
 * @template T @param {Promise<T>} imported @returns {Promise<T>}
 * @throws {BundleError} it does not come; service workers import nothing once they run
 */
export async function later(imported) {
  try {
    return await imported;
  } catch (err) {
    const here = "ServiceWorkerGlobalScope" in globalThis ? ". A service worker imports nothing later: the row program answers there (engine rows), or ask a page or worker" : "";
    throw new BundleError(`a module of the bundle does not load: ${/** @type {Error} */ (err).message}${here}`, { cause: err });
  }
}

/**
 * Reads files of the folder as they come.
 * @param {(name: string) => URL} place @param {Reading} [reading]
 * @returns {(name: string) => Promise<ArrayBuffer>}
 */
export function fetcherOf(place, { signal, onProgress } = {}) {
  if (onProgress === undefined) return (name) => readBytes(place(name), signal);
  let loaded = 0;
  let total = /** @type {number | null} */ (0);
  return (name) =>
    readBytes(place(name), signal, {
      expect: (bytes) => void (total = total === null || bytes === null ? null : total + bytes),
      take: (bytes) => onProgress({ file: name, loaded: (loaded += bytes), total }),
    });
}

/**
 * @param {URL} url @param {AbortSignal} [signal]
 * @param {{expect: (bytes: number | null) => void, take: (bytes: number) => void}} [meter] is told of bytes as they come
 * @returns {Promise<ArrayBuffer>}
 * @throws {BundleError} it is not there
 */
async function readBytes(url, signal, meter) {
  signal?.throwIfAborted();
  if (url.protocol === "file:" && globalThis.process?.versions?.node) {
    const fs = "node:fs/promises"; // not a literal in import(), so that bundlers leave it alone
    try {
      const bytes = await (await import(/* @vite-ignore */ /* webpackIgnore: true */ fs)).readFile(url, { signal });
      meter?.expect(bytes.byteLength);
      meter?.take(bytes.byteLength);
      return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    } catch (err) {
      signal?.throwIfAborted();
      throw new BundleError(`cannot read ${url}: ${/** @type {Error} */ (err).message}`, { cause: err });
    }
  }
  let response;
  try {
    response = await fetch(url, { signal });
  } catch (err) {
    signal?.throwIfAborted();
    throw new BundleError(`cannot load ${url}: ${/** @type {Error} */ (err).message}`, { cause: err });
  }
  if (!response.ok) throw new BundleError(`cannot load ${url}: HTTP ${response.status}`);
  // Development servers answer what they do not know with the page itself, and 200.
  if (response.headers.get("content-type")?.startsWith("text/html")) {
    throw new BundleError(`cannot load ${url}: a page came in its place. Serve the bundle's folder and name it: load({ baseUrl })`);
  }
  if (meter === undefined || response.body === null) return response.arrayBuffer();
  // The length is that of what came over the wire.
  const length = response.headers.get("content-encoding") === null ? response.headers.get("content-length") : null;
  meter.expect(length === null ? null : Number(length));
  const metered = response.body.pipeThrough(new TransformStream({
    transform(/** @type {Uint8Array} */ part, controller) {
      meter.take(part.byteLength);
      controller.enqueue(part);
    },
  }));
  return new Response(metered).arrayBuffer();
}

/**
 * Reads files of a bundle's web folder, each held against the manifest before anyone uses it.
 * @param {(name: string) => Promise<ArrayBuffer>} fetched @param {Promise<{files: Record<string, string>}>} manifest
 * @returns {(name: string) => Promise<ArrayBuffer>}
 */
export function readerOf(fetched, manifest) {
  return async (name) => {
    // The file is on its way while the manifest is.
    const [{ files }, bytes] = await Promise.all([manifest, fetched(name)]);
    // The golden files are the same in every target, and listed once.
    const listed = Object.hasOwn(files, `web/${name}`) ? files[`web/${name}`] : name.startsWith("golden.") ? files[name] : undefined;
    const found = listed === undefined ? undefined : await sha256(bytes);
    if (found !== listed) {
      throw new BundleError(
        `${name} is damaged, or of another export: its sha256 is ${found}, and manifest.json says ${listed}.` +
          " Reload without the cache, or copy the bundle again",
      );
    }
    return bytes;
  };
}

/** @param {ArrayBuffer} bytes @param {string} name @returns {any} the JSON value, whose parts nobody has looked at */
export function jsonFrom(bytes, name) {
  try {
    return JSON.parse(textFrom(bytes, name));
  } catch (err) {
    if (err instanceof BundleError) throw err;
    throw new BundleError(`${name} is not JSON: ${/** @type {Error} */ (err).message}`, { cause: err });
  }
}

/** @param {BufferSource} bytes @param {string} name */
export function textFrom(bytes, name) {
  try {
    // A byte order mark is kept: it is no JSON, and a checksum is of every byte.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (err) {
    throw new BundleError(`${name} is damaged: it is not UTF-8`, { cause: err });
  }
}
