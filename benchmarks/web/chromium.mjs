// `node chromium.mjs FOLDER MODULES PACKAGES ROUNDS SUBJECTS`, {model: [kinds that it lacks]} on stdin: the run in Chromium,
// and of subjects.mjs the first prediction after navigation, cold and from the cache, with what came over the wire (gzip),
// as JSON.

import { createRequire } from "node:module";
import { createServer } from "node:http";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { interleaved, median } from "./measure.mjs";

const [folder, modules, packages, rounds, subjects] = process.argv.slice(2);
let text = "";
for await (const part of process.stdin) text += part;
const { KINDS } = await import(`./${subjects}`);
const { chromium } = createRequire(join(modules, "x.js"))("playwright-core");

const TYPES = { html: "text/html", js: "text/javascript", mjs: "text/javascript", json: "application/json", wasm: "application/wasm" };
const ROOTS = { bench: dirname(fileURLToPath(import.meta.url)), models: folder, ort: join(modules, "onnxruntime-web", "dist"), packages: join(packages, "node_modules"), modules };
/** What is the model's own and no runtime's. */
const OWN = /\/(rows|program|model|manifest|golden)\.(json|bin)$|\.onnx$|shard/;
const kept = new Map();
let wire = [];
const FIRST = ["rows", "tfjs", "standard"];
const HEAD = `<!doctype html><title>bench</title><link rel="icon" href="data:,">`;
/** LiteRT.js imports a package of its own by its bare name. */
const NAMES = JSON.stringify({ imports: { "@litertjs/wasm-utils": "/packages/@litertjs/wasm-utils/dist/index.js" } });
const PAGES = {
  "/ort.html": `${HEAD}<script type="importmap">${NAMES}</script><script src="/ort/ort.wasm.min.js"></script>`,
  "/ydf.html": `${HEAD}<script src="/packages/jszip/dist/jszip.min.js"></script><script src="/packages/ydf-inference/dist/inference.js"></script>`,
};
for (const kind of FIRST) PAGES[`/first-${kind}.html`] = firstPage(kind);

/** As a developer would write it: load, ask for one row, say how long that took since navigation. */
function firstPage(kind) {
  const head = `<!doctype html><title>first</title><link rel="icon" href="data:,">`;
  const done = `globalThis.first = { milliseconds: performance.now(), numbers: Array.from(numbers) };`;
  const row = `const { x, columns, output } = JSON.parse(document.getElementById("row").textContent);`;
  if (kind === "standard") {
    return `${head}<script src="/ort/ort.wasm.min.js"></script>ROW<script type="module">${row}
      ort.env.wasm.numThreads = 1;
      const session = await ort.InferenceSession.create("BASE/standard.onnx");
      const name = session.outputNames.at(-1);
      const numbers = (await session.run({ X: new ort.Tensor("float32", Float32Array.from(x), [1, x.length]) }, [name]))[name].data; ${done}</script>`;
  }
  return `${head}ROW<script type="module">import { load } from "BASE/web/index.js"; ${row}
    const model = await load({ engine: "${kind}" });
    const numbers = (await model.predictTensors({ X: Float64Array.from(x) }))[output].data; ${done}</script>`;
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://x");
  const path = decodeURIComponent(url.pathname);
  let body = null;
  let type = "text/html";
  if (PAGES[path] !== undefined) {
    const model = url.searchParams.get("model");
    let page = PAGES[path];
    if (model !== null) {
      const { x, columns, output } = JSON.parse(await readFile(join(folder, model, "rows.json"), "utf8"));
      const row = JSON.stringify({ x: x.slice(0, columns.length), columns, output });
      page = page.replaceAll("BASE", `/models/${encodeURIComponent(model)}`).replace("ROW", `<script id="row" type="application/json">${row}</script>`);
    }
    body = gzipSync(page);
  } else {
    const [, root, ...rest] = path.split("/");
    if (ROOTS[root] !== undefined) {
      const file = join(ROOTS[root], normalize(rest.join("/")));
      if (!kept.has(file)) kept.set(file, await readFile(file).then((data) => gzipSync(data, { level: 9 }), () => null));
      body = kept.get(file);
      type = TYPES[file.split(".").pop()] ?? "application/octet-stream";
    }
  }
  if (body === null) return response.writeHead(404).end();
  wire.push({ path, bytes: body.length });
  response.writeHead(200, { "content-type": type, "content-encoding": "gzip", "cache-control": "max-age=3600", "content-length": body.length }).end(body);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync),
  args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** A page for one way to ask, in a renderer of its own. */
async function started(name, kind) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(600_000);
  await page.goto(`${origin}/${kind === "ydf" ? "ydf" : "ort"}.html`);
  const ask = (what) =>
    page.evaluate(async ({ base, kind, what, subjects }) => {
      if (what !== "prepare") return globalThis.subject[what]();
      const { prepared } = await import("/bench/measure.mjs");
      const { open } = await import(`/bench/${subjects}`);
      const script = (path) =>
        new Promise((resolve, reject) => {
          const tag = Object.assign(document.createElement("script"), { src: `/modules/${path}`, onload: () => resolve(undefined), onerror: reject });
          document.head.append(tag);
        });
      const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
      const tools = { bytes, script, beside: (path) => `/modules/${path}/`, packages: (path) => `/packages/${path}`, json: async (url) => (await fetch(url)).json(), ort: globalThis.ort, ydf: await globalThis.YDFInference?.() };
      globalThis.subject = await prepared(open, kind, base, tools);
      return { difference: globalThis.subject.difference, alone: globalThis.subject.alone };
    }, { base: `/models/${encodeURIComponent(name)}`, kind, what, subjects });
  return { ask, close: () => context.close() };
}

async function firsts(name, without) {
  const times = Object.fromEntries(FIRST.filter((kind) => !without.includes(kind)).map((kind) => [kind, []]));
  const cached = Object.fromEntries(Object.keys(times).map((kind) => [kind, []]));
  const sizes = {};
  for (let round = 0; round < Number(rounds); round++) {
    for (const kind of Object.keys(times)) {
      const context = await browser.newContext();
      const page = await context.newPage();
      wire = [];
      const visit = async () => {
        await page.goto(`${origin}/first-${kind}.html?model=${encodeURIComponent(name)}`);
        await page.waitForFunction(() => globalThis.first !== undefined);
        return (await page.evaluate(() => globalThis.first)).milliseconds;
      };
      times[kind].push(await visit());
      const sum = (files) => files.reduce((total, { bytes }) => total + bytes, 0);
      sizes[kind] = { runtime: sum(wire.filter(({ path }) => !OWN.test(path))), model: sum(wire.filter(({ path }) => OWN.test(path))), files: wire.length };
      await page.goto("about:blank");
      wire = [];
      cached[kind].push(await visit());
      if (wire.length > 1) throw new Error(`a second visit fetched ${wire.map(({ path }) => path)}`); // the page itself may be asked for
      await context.close();
    }
  }
  return Object.fromEntries(Object.entries(times).map(([kind, list]) => [kind, { milliseconds: median(list), cached: median(cached[kind]), ...sizes[kind] }]));
}

const result = { version: browser.version(), found: {}, first: {} };
for (const [name, without] of Object.entries(JSON.parse(text))) {
  process.stderr.write(`chromium: ${name}\n`);
  result.found[name] = await interleaved(KINDS.filter((each) => !without.includes(each)), Number(rounds), (kind) => started(name, kind));
  if (subjects === "subjects.mjs" && JSON.parse(await readFile(join(folder, name, "rows.json"), "utf8")).x !== null) result.first[name] = await firsts(name, without);
}
console.log(JSON.stringify(result));
await browser.close();
server.close();
