// The bench's half in Node: one JSON request a line on stdin, one JSON answer a line on stdout.
//
//   node web.mjs <path of index.js>

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { callFrom, decodeRow, sentFrom } from "../parity/js/shipped.mjs";

// stdout belongs to the conversation: what a runtime logs goes beside it.
console.log = console.info = console.debug = (...parts) => void process.stderr.write(parts.join(" ") + "\n");

const index = await import(pathToFileURL(process.argv[2]).href);
const model = await index.load();
const stamp = { node: process.version, backend: String(model.backend) };

/** What is asked for by one ask: rows, or a call of tensors. @param {any} ask @returns {() => Promise<any>} */
function askedBy(ask) {
  if (Array.isArray(ask)) {
    const rows = ask.map(decodeRow);
    return () => model.predict(rows);
  }
  const call = callFrom(ask);
  return () => model.predictTensors(call);
}

/** @param {any} request */
async function answer(request) {
  if ("asks" in request) return { seconds: await timesOf(request) };
  const made = await askedBy(request.ask)();
  return { ...(Array.isArray(request.ask) ? { predictions: made } : { outputs: sentFrom(made) }), stamp };
}

/** Seconds of each ask until the time is over: `times_of` of timing.py. @param {any} request */
async function timesOf({ asks, seconds, least, most }) {
  const given = asks.map(askedBy);
  /** @type {number[]} */
  const taken = [];
  const until = performance.now() + seconds * 1000;
  while (taken.length < least || (taken.length < most && performance.now() < until)) {
    const ask = given[taken.length % given.length];
    const began = performance.now();
    await ask();
    taken.push((performance.now() - began) / 1000);
  }
  return taken;
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const made = await answer(JSON.parse(line)).catch((error) => ({ failed: String(error?.stack ?? error) }));
  process.stdout.write(JSON.stringify(made) + "\n");
}
