// The package in a runtime without a page (Node, Deno, Bun): each engine, and a worker where there are any.
import { readFile } from "node:fs/promises";
import { load, loadInWorker } from "@acme/model";

const rows = JSON.parse(await readFile(new URL("./rows.json", import.meta.url), "utf8"));
const answers = { rows: await (await load()).predict(rows) };
for (const backend of ["cpu", "wasm"]) answers[backend] = await (await load({ backend })).predict(rows);
let worker = null;
try {
  const there = await loadInWorker();
  answers.worker = await there.predict(rows);
  worker = await there.predict([{}]).catch((err) => err.name);
  there.dispose();
} catch (err) {
  worker = `${err.name}: ${err.message}`;
}
console.log(JSON.stringify({ answers, worker }));
