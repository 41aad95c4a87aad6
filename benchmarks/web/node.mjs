// `node node.mjs FOLDER MODULES PACKAGES ROUNDS SUBJECTS`, {model: [kinds that it lacks]} on stdin: the run in Node, as
// JSON. SUBJECTS: subjects.mjs, or another file of ways to ask beside it.
// With a model and a kind behind these it is the process of one way to ask, and does what its parent's messages say.

import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { interleaved, prepared } from "./measure.mjs";

const [folder, modules, packages, rounds, subjects, model, kind] = process.argv.slice(2);
const { KINDS, open } = await import(`./${subjects}`);
if (kind === undefined) await run();
else await serve();

async function run() {
  let text = "";
  for await (const part of process.stdin) text += part;
  const found = {};
  for (const [name, without] of Object.entries(JSON.parse(text))) {
    process.stderr.write(`node: ${name}\n`);
    found[name] = await interleaved(KINDS.filter((each) => !without.includes(each)), Number(rounds), (each) => started(name, each));
  }
  console.log(JSON.stringify({ version: process.version, found }));
}

/** A process for one way to ask. */
async function started(name, each) {
  const child = fork(fileURLToPath(import.meta.url), [folder, modules, packages, rounds, subjects, name, each], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const ask = (what) =>
    new Promise((resolve, reject) => {
      ended.then((code) => reject(new Error(`its process ended with ${code}`)));
      child.once("message", ({ failed, made }) => (failed === undefined ? resolve(made) : reject(new Error(failed))));
      child.send(what);
    });
  const close = async () => {
    child.kill();
    await ended;
  };
  return { ask, close };
}

async function serve() {
  console.info = console.warn = () => {};
  const bytes = async (url) => new Uint8Array(await readFile(new URL(url)));
  const require = createRequire(join(modules, "x.js"));
  const tools = {
    bytes,
    script: async (path) => require(path),
    beside: (path) => `${join(modules, path)}/`,
    packages: (path) => pathToFileURL(join(packages, "node_modules", path)).href,
    json: async (url) => JSON.parse(new TextDecoder().decode(await bytes(url))),
    ort: require("onnxruntime-web"),
    ydf: null,
  };
  if (kind === "ydf") tools.ydf = await createRequire(join(packages, "node_modules", "x.js"))("ydf-inference")();
  let subject = null;
  process.on("message", async (what) => {
    try {
      if (what === "prepare") subject = await prepared(open, kind, pathToFileURL(join(folder, model)).href, tools);
      process.send({ made: what === "prepare" ? { difference: subject.difference, alone: subject.alone } : await subject[what]() });
    } catch (err) {
      process.send({ failed: String(err.message ?? err) });
    }
  });
}
