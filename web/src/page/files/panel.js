/**
 * A file on the page: how far it is, and what came of it.
 */

import { placeOf } from "./answers.js";
import { chartElement } from "./chart.js";
import { tableElement } from "./table.js";

const WORKER = "./worker.js"; // not a literal in `new URL`, which bundlers follow
/** A word for those who do not see the bar, no more often. */
const SAID_EVERY = 0.25;

/** @type {Worker | null} */
let worker = null;
/** The file that is worked on. */
let current = 0;
/** @type {{blob: Blob, name: string} | null} */
let ready = null;

/** @template {HTMLElement} T @param {string} id @returns {T} */
function byId(id) {
  return /** @type {T} */ (document.getElementById(id));
}

/**
 * Answers a file. What was worked on before is left.
 * @param {import("../../index.js").Model} model @param {File} file
 */
export function answer(model, file) {
  if (current !== 0) stop();
  const id = ++files;
  current = id;
  begin(file);
  const mine = (worker ??= started());
  let said = 0;
  const startedAt = performance.now();
  mine.onmessage = ({ data }) => {
    if (data.id !== current) return;
    if (data.progress) said = showProgress(data.progress, (performance.now() - startedAt) / 1000, said);
    else end();
    if (data.failed !== undefined) fail(data.failed);
    if (data.scored) show(data.scored, file, model);
  };
  mine.onerror = (event) => {
    event.preventDefault();
    stop();
    fail(`the worker that reads files stopped: ${event.message || "its script did not load"}`);
  };
  const { engine, backend } = model;
  mine.postMessage({ id, file, name: file.name, how: engine === "rows" ? { engine } : { engine, backend: [backend, "wasm", "cpu"] } });
}

let files = 0;

function started() {
  const url = new URL(WORKER, import.meta.url).href;
  // The page's policy takes no plain text for a script's address.
  const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("isoship-files", { createScriptURL: () => url });
  return new Worker(policy?.createScriptURL(url) ?? url, { type: "module" });
}

/** Leaves the file that is worked on, at once. */
function stop() {
  worker?.terminate();
  worker = null;
  end();
}

function end() {
  current = 0;
  byId("batch-running").hidden = true;
}

/** @param {File} file */
function begin(file) {
  ready = null;
  for (const id of ["batch-problem", "batch-refused", "batch-download", "batch-table", "batch-chart"]) byId(id).hidden = true;
  byId("batch-name").textContent = file.name;
  byId("batch-status").textContent = `Reading ${file.name}…`;
  byId("batch-figures").textContent = "";
  const bar = /** @type {HTMLProgressElement} */ (byId("batch-progress"));
  bar.removeAttribute("value");
  byId("batch-running").hidden = false;
  byId("batch-cancel").onclick = () => {
    stop();
    byId("batch-status").textContent = `Cancelled: ${file.name} was not answered.`;
    byId("batch-file").focus();
  };
}

/** @param {string} message */
function fail(message) {
  byId("batch-status").textContent = "";
  byId("batch-problem").textContent = message;
  byId("batch-problem").hidden = false;
}

/** @param {import("./score.js").Progress} progress @param {number} seconds @param {number} said the share that was said aloud last @returns {number} */
function showProgress({ bytes, total, rows, refused }, seconds, said) {
  const share = bytes / total;
  const bar = /** @type {HTMLProgressElement} */ (byId("batch-progress"));
  bar.value = share;
  const speed = rows / seconds;
  const left = share > 0.02 ? `, about ${timeOf((seconds * (1 - share)) / share)} left` : "";
  const not = refused > 0 ? `, ${count(refused)} refused` : "";
  byId("batch-figures").textContent = `${sizeOf(bytes)} of ${sizeOf(total)}, ${count(rows)} rows${not}, ${count(rounded(speed))} rows a second${left}`;
  if (share < said + SAID_EVERY) return said;
  byId("batch-status").textContent = `${Math.floor(100 * share)} % of the file is read.`;
  return share;
}

/**
 * @param {import("./score.js").Scored & {seconds: number, engine: string, backend: string}} scored @param {File} file
 * @param {import("../../index.js").Model} model
 */
function show(scored, file, model) {
  const { rows, refused, seconds, preview, header, made, chart, left } = scored;
  const answered = rows - refused;
  const shown = rows > preview.length ? ` The first ${preview.length} are below.` : "";
  const not = refused === 0 ? "" : ` ${count(refused)} of ${count(rows)} rows were refused and have no answer: their column ${made.at(-1)} says why.`;
  const without = left.length === 0 ? "" : ` Left out of the download: ${left.slice(0, 12).join(", ")}${left.length > 12 ? ` and ${left.length - 12} more` : ""} (dates, decimals, lists or bytes).`;
  const elsewhere = scored.backend === model.backend ? "" : ` They were computed on the ${scored.backend} backend.`;
  byId("batch-status").textContent = `${count(answered)} rows in ${seconds.toFixed(seconds < 10 ? 2 : 0)} seconds (${count(rounded(rows / Math.max(seconds, 1e-3)))} rows a second).${not}${shown}${without}${elsewhere}`;
  if (refused > 0) showRefusals(scored);
  const table = byId("batch-table");
  table.replaceChildren(tableElement(header, made, preview));
  table.hidden = false;
  if (chart !== null) {
    const place = byId("batch-chart");
    place.hidden = false;
    place.replaceChildren(...chartElement(chart, Math.max(240, Math.min(640, place.clientWidth))));
  }
  ready = { blob: scored.blob, name: `${file.name.replace(/\.[^.]*$/, "") || file.name}-answers.csv` };
  const download = byId("batch-download");
  download.hidden = false;
  download.onclick = save;
}

/** @param {import("./score.js").Scored} scored */
function showRefusals({ refused, refusals }) {
  const list = document.createElement("ul");
  for (const { row, line, words } of refusals) {
    const item = document.createElement("li");
    item.textContent = `${placeOf(row, line)}: ${words}`;
    list.append(item);
  }
  const title = document.createElement("p");
  title.textContent = refused === 1 ? "1 row has no answer:" : `${count(refused)} rows have no answer${refused > refusals.length ? `, the first ${refusals.length}` : ""}:`;
  byId("batch-refused").replaceChildren(title, list);
  byId("batch-refused").hidden = false;
}

function save() {
  if (ready === null) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(ready.blob);
  link.download = ready.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** @param {number} n */
function count(n) {
  return n.toLocaleString("en");
}

/** Two digits are all that a speed says. @param {number} n */
function rounded(n) {
  return n < 1 ? 0 : Number(n.toPrecision(2));
}

/** @param {number} bytes */
function sizeOf(bytes) {
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** @param {number} seconds */
function timeOf(seconds) {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
