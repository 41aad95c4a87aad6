// A million rows through a bundle's web/index.js in one call: node million_rows.mjs WEB ROWS COLUMN...
// Prints {"rows", "megabytes"}: how many were answered, and the largest resident set on the way.

import { pathToFileURL } from "node:url";

const [web, count, ...columns] = process.argv.slice(2);
const { load } = await import(pathToFileURL(`${web}/index.js`).href);
const model = await load({ backend: "wasm" });
let state = 1;
const next = () => (state = (state * 48271) % 2147483647) / 2147483647;
const rows = Array.from({ length: Number(count) }, () => Object.fromEntries(columns.map((name) => [name, 4 * next() - 2])));
const answers = await model.predict(rows);
console.log(JSON.stringify({ rows: answers.length, megabytes: Math.round(process.resourceUsage().maxRSS / 1024) }));
