// The bench's half in Node: one JSON request a line on stdin, one JSON answer a line on stdout.
//
//   node web.mjs <path of index.js>

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { decodeRow } from "../parity/js/shipped.mjs";

// stdout belongs to the conversation: what a runtime logs goes beside it.
console.log = console.info = console.debug = (...parts) => void process.stderr.write(parts.join(" ") + "\n");

const index = await import(pathToFileURL(process.argv[2]).href);
const model = await index.load();
const stamp = { node: process.version, backend: String(model.backend) };

/** @param {any} request */
async function answer(request) {
  if ("asks" in request) return { seconds: await timesOf(request) };
  return { predictions: await model.predict(request.ask.map(decodeRow)), stamp };
}

/** Seconds of each ask until the time is over: `times_of` of timing.py. @param {any} request */
async function timesOf({ asks, seconds, least, most }) {
  const given = asks.map((/** @type {any[]} */ rows) => rows.map(decodeRow));
  /** @type {number[]} */
  const taken = [];
  const until = performance.now() + seconds * 1000;
  while (taken.length < least || (taken.length < most && performance.now() < until)) {
    const rows = given[taken.length % given.length];
    const began = performance.now();
    await model.predict(rows);
    taken.push((performance.now() - began) / 1000);
  }
  return taken;
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const made = await answer(JSON.parse(line)).catch((error) => ({ failed: String(error?.stack ?? error) }));
  process.stdout.write(JSON.stringify(made) + "\n");
}
