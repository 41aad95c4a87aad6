// `node run.mjs node|chromium BACKEND NODE_MODULES`: TF.js graph models one after another. A line of JSON on stdin
// {folder, feeds, fetches, asynchronous}, a line on stdout: what asked.mjs gives.

import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, join, normalize } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { asked } from "./asked.mjs";

const [place, backend, modules] = process.argv.slice(2);
console.log = console.info = console.warn = () => {};
const require = createRequire(join(modules, "x.js"));

/** @returns {Promise<(question: any) => Promise<any>>} */
async function inNode() {
  const tf = require("@tensorflow/tfjs");
  if (backend === "wasm") require("@tensorflow/tfjs-backend-wasm").setWasmPaths(join(modules, "@tensorflow", "tfjs-backend-wasm", "dist") + "/");
  if (!(await tf.setBackend(backend))) throw new Error(`TF.js has no working backend ${backend} here`);
  await tf.ready();
  return (question) => asked(tf, question);
}

/** A page that has TF.js, from a server of its own on loopback. */
async function inChromium() {
  const { chromium } = require("playwright-core");
  const roots = { suite: dirname(fileURLToPath(import.meta.url)), tensorflow: join(modules, "@tensorflow") };
  const types = { js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm" };
  const server = createServer(async (request, response) => {
    const [, root, ...rest] = new URL(request.url, "http://x").pathname.split("/");
    const file = roots[root] === undefined ? null : join(roots[root], normalize(rest.join("/")));
    const body = file === null ? `<!doctype html><title>suite</title><link rel="icon" href="data:,">` : await readFile(file).catch(() => null);
    if (body === null) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": file === null ? "text/html" : (types[file.split(".").pop()] ?? "application/octet-stream") }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync),
    args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
      "--disable-sync", "--enable-unsafe-swiftshader", ...(backend === "webgpu" ? ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"] : [])],
  });
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.addScriptTag({ url: "/tensorflow/tfjs/dist/tf.min.js" });
  if (["wasm", "webgpu"].includes(backend)) await page.addScriptTag({ url: `/tensorflow/tfjs-backend-${backend}/dist/tf-backend-${backend}.min.js` });
  await page.evaluate(async (name) => {
    const { tf } = globalThis;
    if (name === "wasm") tf.wasm.setWasmPaths("/tensorflow/tfjs-backend-wasm/dist/");
    // Small tensors go to cpu's kernels otherwise, and those of graphics would not be asked.
    for (const flag of ["WEBGL_CPU_FORWARD", "WEBGPU_CPU_FORWARD"]) if (flag.startsWith(name.toUpperCase())) tf.env().set(flag, false);
    if (!(await tf.setBackend(name))) throw new Error(`TF.js has no working backend ${name} here`);
    await tf.ready();
    globalThis.asked = (await import("/suite/asked.mjs")).asked;
  }, backend);
  process.stdin.on("end", () => browser.close().finally(() => process.exit()));
  return (question) => page.evaluate((each) => globalThis.asked(globalThis.tf, each), question);
}

const answer = await (place === "node" ? inNode() : inChromium());
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { folder, ...question } = JSON.parse(line);
  const model = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
  const weights = Buffer.concat(model.weightsManifest[0].paths.map((path) => readFileSync(join(folder, path)))).toString("base64");
  process.stdout.write(JSON.stringify(await answer({ ...question, model, weights })) + "\n");
}
