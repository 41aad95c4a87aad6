/**
 * Keeps the page and its model for times without a network (sw.js): what was loaded, and what the page may still ask for,
 * TF.js left out where nothing asked for it.
 */

import { PLACES } from "../places.js";
import { RUNTIME } from "../runtime.js";
import { sha256 } from "../sha256.js";
import { FILES } from "./files.js";

/** In the manifest's folder, and read when they are replayed. */
const GOLDEN = ["golden.json", "golden.bin"];

/**
 * @param {import("../manifest.js").Manifest} manifest
 * @returns {Promise<string | null>} why nothing is kept here, in words; null where all is
 */
export async function keepForOffline({ digest, files }) {
  const { serviceWorker } = navigator;
  if (serviceWorker === undefined) return "this browser keeps no page that does not come by https";
  const home = new URL(".", document.baseURI);
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name.split(/[?#]/)[0]);
  const golden = GOLDEN.filter((name) => Object.hasOwn(files, name)).map((name) => (PLACES[name] ?? new URL(name, home)).href);
  const runtime = FILES.map((name) => new URL(name, home).href);
  const wanted = [...new Set([home.href, ...loaded, ...golden, ...runtime])].filter((url) => url.startsWith(home.href));
  try {
    await serviceWorker.register(/** @type {string} */ (scriptUrl("sw.js")));
    const { active } = await serviceWorker.ready;
    const key = await sha256(new TextEncoder().encode(JSON.stringify([digest, files, RUNTIME, wanted])));
    return await new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data.kept ? null : data.why);
      active?.postMessage({ key, files: wanted }, [port2]);
    });
  } catch (err) {
    return /** @type {Error} */ (err).message;
  }
}

/**
 * Does so once the browser has nothing better to do, and says where it is done.
 * @param {import("../manifest.js").Manifest} manifest @param {HTMLElement} line
 */
export function keepWhenIdle(manifest, line) {
  const idle = globalThis.requestIdleCallback ?? ((/** @type {() => void} */ work) => setTimeout(work, 1000));
  idle(async () => {
    const why = await keepForOffline(manifest);
    line.textContent = why === null ? "Kept on this device: the page answers without a network, too." : "";
    line.dataset.kept = String(why === null);
    line.title = why ?? "";
  });
}

/** As a page under `require-trusted-types-for 'script'` wants it. @param {string} url @returns {any} */
function scriptUrl(url) {
  const { trustedTypes } = /** @type {any} */ (globalThis);
  return trustedTypes ? trustedTypes.createPolicy("isoship-offline", { createScriptURL: (/** @type {string} */ one) => one }).createScriptURL(url) : url;
}
