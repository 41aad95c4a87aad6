// The package among jsdom's globals, as test runners make them: `node in_jsdom.mjs [without fetch]`.
import { readFile } from "node:fs/promises";
import { JSDOM } from "jsdom";

const rows = JSON.parse(await readFile(new URL("./rows.json", import.meta.url), "utf8"));
const { window } = new JSDOM("<!doctype html><p>x", { url: "http://localhost/" });
for (const name of ["document", "location", "navigator", "URL", "Blob", "Event", "EventTarget", "AbortController", "AbortSignal"]) {
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true });
}
Object.defineProperty(globalThis, "window", { value: window, configurable: true });
if (process.argv[2] !== undefined) delete globalThis.fetch;
const { load, loadInWorker } = await import("@acme/model");
const named = (promise) => promise.then(() => null, (err) => [err.name, err.message]);
const answers = { rows: await (await load()).predict(rows) };
for (const backend of ["cpu", "wasm"]) answers[backend] = await (await load({ backend })).predict(rows);
const refused = {
  webgl: await named(load({ backend: "webgl" })),
  elsewhere: await named(load({ baseUrl: "/model/" })),
  worker: await named(loadInWorker()),
};
console.log(JSON.stringify({ answers, refused }));
process.exit(0);
