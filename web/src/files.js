/**
 * Reads the files of a bundle: over HTTP in a page or worker, from the disk in Node.
 */

import { BundleError } from "./errors.js";

/**
 * The folder of a bundle as a URL with a closing slash.
 * @param {string | URL | undefined} given relative to the page in a browser, to this file in Node
 * @param {string} here `import.meta.url` of index.js, whose folder is the default
 */
export function folderUrl(given, here) {
  if (given === undefined) return new URL(".", here);
  const url = new URL(given, globalThis.document?.baseURI ?? here);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/**
 * @param {URL} url
 * @returns {Promise<ArrayBuffer>}
 * @throws {BundleError} it is not there
 */
export async function readBytes(url) {
  if (url.protocol === "file:" && globalThis.process?.versions?.node) {
    const fs = "node:fs/promises"; // not a literal in import(), so that bundlers leave it alone
    try {
      const bytes = await (await import(/* @vite-ignore */ /* webpackIgnore: true */ fs)).readFile(url);
      return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    } catch (err) {
      throw new BundleError(`cannot read ${url}: ${/** @type {Error} */ (err).message}`, { cause: err });
    }
  }
  let response;
  try {
    response = await fetch(url);
  } catch (err) {
    throw new BundleError(`cannot load ${url}: ${/** @type {Error} */ (err).message}`, { cause: err });
  }
  if (!response.ok) throw new BundleError(`cannot load ${url}: HTTP ${response.status}`);
  return response.arrayBuffer();
}

/** @param {URL} url */
export async function readText(url) {
  return new TextDecoder("utf-8", { fatal: true }).decode(await readBytes(url));
}

/** @param {URL} url @returns {Promise<any>} */
export async function readJson(url) {
  const text = await readText(url);
  try {
    return JSON.parse(text);
  } catch (err) {
    throw new BundleError(`${url} is not JSON: ${/** @type {Error} */ (err).message}`, { cause: err });
  }
}
