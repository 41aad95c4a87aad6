/**
 * Builds ./slim: the same modules without the bundle's own TF.js, in whose place the application's stands.
 *
 * Nothing here refers to tfjs/, so that no bundler carries it along.
 */

import { build } from "esbuild";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** As places.js, for a runtime without a model; an export writes both anew. */
const PLACES = 'export const PLACES = {};\nexport const folder = () => new URL("..", import.meta.url);\n';

/**
 * @param {string} runtime the built runtime @param {string} source what it is built from, whose peers/tfjs.js stands here alone
 */
export async function buildSlim(runtime, source) {
  await build({
    entryPoints: [join(runtime, "index.js"), join(runtime, "worker.js")],
    outdir: join(runtime, "slim"),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    charset: "utf8",
    absWorkingDir: runtime,
    minifyWhitespace: true,
    logLevel: "warning",
    packages: "external",
    plugins: [{ name: "peers", setup: standIns(runtime, source) }],
  });
  await writeFile(join(runtime, "slim", "places.js"), PLACES);
}

/** @param {string} runtime @param {string} source @returns {(build: import("esbuild").PluginBuild) => void} */
function standIns(runtime, source) {
  return ({ onResolve, onLoad }) => {
    onResolve({ filter: /\/places\.js$/ }, () => ({ path: "./places.js", external: true }));
    onResolve({ filter: /\/peers\/given\.js$/ }, () => ({ path: join(source, "peers", "tfjs.js") }));
    onResolve({ filter: /\/errors\.js$/ }, () => ({ path: join(runtime, "errors.js") })); // one class of each error
    // Never reached: there is always a TF.js that was given.
    onResolve({ filter: /\/tfjs\/\w+\.js$/ }, ({ path }) => ({ path, namespace: "absent" }));
    onLoad({ filter: /.*/, namespace: "absent" }, () => ({ contents: "export const prepare = undefined;" }));
  };
}
