/**
 * Builds the browser runtime: `node build.mjs OUT`.
 *
 * Our modules are copied without their comments, a third of what a visitor would load; TF.js becomes four lazy chunks (core with the cpu backend, wasm, webgl, webgpu) over
 * what they share, and what reads Parquet one. OUT is complete but for the model: a bundle adds model.json, program.json, manifest.json, golden.json.
 */

import { build, transform } from "esbuild";
import { chmod, cp, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSlim } from "./slim.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const SOURCE = join(HERE, "src");
const MODULES = join(HERE, "node_modules");
const WASM = ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm"];
const MARK = "tfjs/core.js"; // a folder that holds it is a build of ours and may be replaced
const PARQUET = "page/files/hyparquet.js";
const PRELOAD = "<!-- modulepreload -->";

const out = process.argv[2] === undefined ? null : resolve(process.argv[2]);
if (out === null) {
  console.error("usage: node build.mjs OUT");
  process.exit(2);
}
if (existsSync(out) && !existsSync(join(out, MARK)) && (await readdir(out)).length > 0) {
  console.error(`${out} is not empty and was not built by this script`);
  process.exit(2);
}
const partial = `${out}.partial`;
await rm(partial, { recursive: true, force: true });
await mkdir(join(partial, "tfjs"), { recursive: true });

const packages = [...(await buildChunks(join(partial, "tfjs"))), ...(await buildParquet(join(partial, PARQUET)))];
for (const name of WASM) {
  await cp(join(MODULES, "@tensorflow/tfjs-backend-wasm/wasm-out", name), join(partial, "tfjs", name));
  await chmod(join(partial, "tfjs", name), 0o644);
}
const ELSEWHERE = ["tfjs", PARQUET, join("peers", "tfjs.js")]; // in chunks, the last in ./slim
await cp(SOURCE, partial, { recursive: true, filter: (path) => !ELSEWHERE.includes(relative(SOURCE, path)) });
await dropComments(partial);
await cp(join(HERE, "bundle-readme.md"), join(partial, "README.md"));
await cp(join(HERE, "tensors-readme.md"), join(partial, "README.tensors.md"));
await writeFile(join(partial, "index.html"), await page("index.html", "page/page.js"));
await writeFile(join(partial, "tensors.html"), await page("tensors.html", "tensors/page/page.js"));
await writeFile(join(partial, "NOTICE"), await notice(packages));
await writeFile(join(partial, "offline", "files.js"), `export const FILES = ${JSON.stringify(await filesOfPages(partial))};\n`);
await writeFile(join(partial, "runtime.js"), `export const RUNTIME = "${await digestOf(partial)}";\n`);
await buildSlim(partial, SOURCE);
await rm(out, { recursive: true, force: true });
await rename(partial, out);

/**
 * The lazy chunks of TF.js.
 * @param {string} folder
 */
async function buildChunks(folder) {
  const { metafile } = await build({
    entryPoints: ["core", "wasm", "webgl", "webgpu"].map((name) => join(SOURCE, "tfjs", `${name}.js`)),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    legalComments: "none", // NOTICE holds them
    metafile: true,
    logLevel: "warning",
    define: { __dirname: '""' }, // the wasm glue asks for it in Node, and uses it only to find files we hand over
    plugins: [{ name: "node-and-threads", setup: replaceModules }],
  });
  return packagesIn(metafile);
}

/**
 * What reads Parquet, in one file.
 * @param {string} file
 */
async function buildParquet(file) {
  const { metafile } = await build({
    entryPoints: [join(SOURCE, PARQUET)],
    outfile: file,
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    legalComments: "none", // NOTICE holds them
    metafile: true,
    logLevel: "warning",
  });
  return packagesIn(metafile);
}

/** The npm packages that are inside. @param {import("esbuild").Metafile} metafile */
function packagesIn(metafile) {
  const inside = Object.keys(metafile.inputs)
    .filter((path) => !path.startsWith("(disabled)"))
    .map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  return [...new Set(inside.filter((name) => name !== undefined))].sort();
}

/** The sha256 of every module and binary, by its name. @param {string} folder */
async function digestOf(folder) {
  const all = createHash("sha256");
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    if (!/\.(js|wasm)$/.test(name)) continue;
    const digest = createHash("sha256").update(new Uint8Array(await readFile(join(folder, name)))).digest("hex");
    all.update(`${name} ${digest}\n`);
  }
  return all.digest("hex");
}

/** What a page may ask for, but for TF.js. @param {string} folder */
async function filesOfPages(folder) {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => /(?<!\.d)\.(js|css|html|svg)$/.test(name) && !name.startsWith("tfjs") && name !== "sw.js").sort();
}

/** @param {string} folder */
async function dropComments(folder) {
  for (const entry of await readdir(folder, { recursive: true })) {
    if (!entry.endsWith(".js") || entry.startsWith("tfjs") || entry === PARQUET) continue;
    const path = join(folder, entry);
    const { code } = await transform(await readFile(path, "utf8"), { format: "esm", target: "es2022", charset: "utf8" });
    await writeFile(path, code);
  }
}

/** @param {import("esbuild").PluginBuild} build */
function replaceModules({ onResolve, onLoad }) {
  // TF.js's Node platform wants three names of `util`, all of which are globals too: one file then serves both.
  onResolve({ filter: /^util$/ }, () => ({ path: "util", namespace: "stand-in" }));
  onLoad({ filter: /^util$/, namespace: "stand-in" }, () => ({
    contents: `export const { TextEncoder, TextDecoder } = globalThis;
      export const types = Object.fromEntries(
        ["Float32Array", "Int32Array", "Uint8Array", "Uint8ClampedArray"].map((name) => ["is" + name, (x) => x instanceof globalThis[name]]));`,
  }));
  // An engine and kernels of this copy's own.
  onLoad({ filter: /tfjs-core[\\/]dist[\\/]global_util\.js$/ }, () => ({ contents: 'export * from "./namespace.js";', resolveDir: join(SOURCE, "tfjs") }));
  // The threaded build is never started (src/tfjs/wasm.js).
  onLoad({ filter: /tfjs-backend-wasm-threaded-simd(\.worker)?\.js$/ }, () => ({
    contents: `export default () => { throw new Error("threads are off"); }; export const wasmWorkerContents = "";`,
  }));
}

/**
 * A page with a preload for every module that it imports at once: without, they load level by level.
 * @param {string} name @param {string} module
 */
async function page(name, module) {
  const { metafile } = await build({
    entryPoints: [join(SOURCE, module)],
    bundle: true,
    write: false,
    format: "esm",
    metafile: true,
    external: ["../tfjs/*"],
    logLevel: "warning",
    absWorkingDir: SOURCE,
  });
  const reached = new Set([module]);
  for (const path of reached) {
    for (const { path: next, kind } of metafile.inputs[path].imports) if (kind === "import-statement") reached.add(next);
  }
  const links = [...reached].sort().map((path) => `<link rel="modulepreload" href="./${path}">`);
  const html = await readFile(join(SOURCE, name), "utf8");
  if (!html.includes(PRELOAD)) throw new Error(`${name} lacks ${PRELOAD}`);
  return html.replace(PRELOAD, links.join("\n"));
}

/**
 * The licences of everything that is not ours.
 * @param {string[]} names
 */
async function notice(names) {
  const apache = await readFile(join(HERE, "../LICENSE"), "utf8");
  const parts = ["This folder holds the isoship browser runtime (Apache-2.0) and, in tfjs/ and page/files/hyparquet.js, parts of these packages.\n"];
  let apacheBelow = false;
  for (const name of names) {
    const { version, license, author } = JSON.parse(await readFile(join(MODULES, name, "package.json"), "utf8"));
    const file = (await readdir(join(MODULES, name))).find((entry) => /^licen[cs]e/i.test(entry));
    const holder = typeof author === "object" ? author.name : author;
    let text;
    if (file !== undefined) text = await readFile(join(MODULES, name, file), "utf8");
    else if (license === "Apache-2.0") {
      text = `Copyright ${name.startsWith("@tensorflow/") ? "Google LLC" : (holder ?? `the authors of ${name}`)}. Apache License 2.0, below.`;
      apacheBelow = true;
    } else if (license === "MIT" && /Licen[cs]e/i.test(await readme(name))) text = await readme(name);
    else throw new Error(`${name} ${version} (${license}) brings no licence text`);
    parts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  if (apacheBelow) parts.push(apache);
  return parts.join(`\n${"-".repeat(80)}\n\n`);
}

/** @param {string} name */
async function readme(name) {
  const text = await readFile(join(MODULES, name, "README.md"), "utf8");
  return text.slice(Math.max(0, text.search(/^#* *Licen[cs]e/im)));
}
