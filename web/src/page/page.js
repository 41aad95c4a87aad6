/**
 * The page around a model: a form for one row, a file for many, and the golden rows on request.
 * `?engine=rows|tfjs` in the address chooses what answers, `?backend=cpu|wasm|webgl|webgpu` the backend of TF.js.
 */

import { cellsFromCsv, csvFromCells, rowsFromCells, titlesBeside } from "./csv.js";
import { textFromFile } from "./encoding.js";
import { controlsFor } from "./form.js";
import { InputError, load } from "../index.js";
import { hasRowProgram } from "../manifest.js";
import { elementsFor, tableElement, tableFrom } from "./results.js";

const LINES_SHOWN = 200;

/** @template {HTMLElement} T @param {string} id @returns {T} */
function byId(id) {
  return /** @type {T} */ (document.getElementById(id));
}

/** @param {string} id @param {string | null} message */
function tell(id, message) {
  byId(id).textContent = message ?? "";
  byId(id).hidden = message === null;
}

/** @param {unknown} err */
function messageOf(err) {
  return err instanceof Error ? err.message : String(err);
}

/** @param {import("../index.js").Model} model */
function showIdentity(model) {
  const { name, version, digest } = model.manifest;
  document.title = name;
  byId("name").textContent = name;
  const how = model.engine === "rows" ? "in double precision" : `on the ${model.backend} backend`;
  byId("identity").textContent = `version ${version} · ${digest.slice(0, 19)}… · computed here, ${how}`;
  byId("identity").title = digest;
}

/** The switch to the other engine, which is another address. @param {import("../index.js").Model} model */
function setUpEngine({ engine, manifest }) {
  const tfjs = /** @type {HTMLInputElement} */ (byId("engine-tfjs"));
  tfjs.checked = engine === "tfjs";
  tfjs.disabled = !hasRowProgram(manifest);
  tfjs.addEventListener("change", () => {
    location.search = tfjs.checked ? "?engine=tfjs" : "";
  });
}

/** @param {import("../index.js").Model} model */
function setUpForm(model) {
  const controls = controlsFor(model.manifest.signature, model.form);
  byId("fields").append(...controls.map(({ element }) => element));
  const answer = async () => {
    tell("form-problem", null);
    for (const { control } of controls) control.removeAttribute("aria-invalid");
    const row = Object.fromEntries(controls.map(({ column, read }) => [column.name, read()]));
    try {
      const [prediction] = await model.predict([row]);
      byId("answer").replaceChildren(...elementsFor(model.manifest.outputs, prediction));
    } catch (err) {
      byId("answer").replaceChildren();
      if (err instanceof InputError) {
        tell("form-problem", `${err.column ?? ""}: expected ${err.expected}, got ${err.seen === "null" ? "nothing" : err.seen}`);
        const wrong = controls.find(({ column }) => column.name === err.column)?.control;
        wrong?.setAttribute("aria-invalid", "true");
        wrong?.focus();
      } else tell("form-problem", messageOf(err));
    }
  };
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    void answer();
  });
  return answer;
}

/** @param {import("../index.js").Model} model */
function setUpBatch(model) {
  const input = /** @type {HTMLInputElement} */ (byId("batch-file"));
  const download = byId("batch-download");
  let answers = "";
  input.addEventListener("change", async () => {
    const file = input.files?.[0];
    if (file === undefined) return;
    tell("batch-problem", null);
    byId("batch-table").hidden = download.hidden = true;
    byId("batch-status").textContent = "Computing…";
    try {
      const [header, ...lines] = cellsFromCsv(textFromFile(await file.arrayBuffer()));
      if (header === undefined) throw new InputError("the file is empty");
      const rows = rowsFromCells(header, lines, model.manifest.signature);
      const made = tableFrom(model.manifest.outputs, await model.predict(rows));
      const titles = titlesBeside(header, made.header);
      const table = lines.map((line, i) => [...line, ...made.lines[i]]);
      answers = csvFromCells([titles, ...table]);
      byId("batch-table").replaceChildren(tableElement(titles, table, LINES_SHOWN));
      byId("batch-table").hidden = download.hidden = false;
      const rest = table.length > LINES_SHOWN ? `, the first ${LINES_SHOWN} below` : "";
      byId("batch-status").textContent = `${table.length} rows${rest}.`;
    } catch (err) {
      byId("batch-status").textContent = "";
      tell("batch-problem", messageOf(err));
    } finally {
      input.value = ""; // the same file, mended, may be chosen again
    }
  });
  download.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([answers], { type: "text/csv" }));
    link.download = `${model.manifest.name}-answers.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
}

/** @param {import("../index.js").Model} model */
function setUpVerify(model) {
  const button = /** @type {HTMLButtonElement} */ (byId("verify"));
  const result = byId("verify-result");
  button.addEventListener("click", async () => {
    button.disabled = true;
    result.className = "";
    result.textContent = "Replaying…";
    try {
      const { ok, rows, worst, firstDifference } = await model.selftest();
      result.className = ok ? "good" : "bad";
      result.textContent = ok
        ? `The same: ${rows} golden rows, largest difference ${worst.toExponential(1)}.`
        : `Not the same: ${firstDifference}`;
    } catch (err) {
      result.className = "bad";
      result.textContent = messageOf(err);
    } finally {
      button.disabled = false;
    }
  });
}

try {
  const asked = new URLSearchParams(location.search);
  const wanted = (/** @type {string} */ name) => /** @type {any} */ (asked.get(name) ?? "auto");
  const model = await load({ engine: wanted("engine"), backend: /** @type {any} */ (asked.has("backend") ? [wanted("backend"), "auto"] : "auto") });
  showIdentity(model);
  setUpEngine(model);
  const answer = setUpForm(model);
  setUpBatch(model);
  setUpVerify(model);
  byId("main").hidden = false;
  await answer();
  void import("../offline/offline.js").then(({ keepWhenIdle }) => keepWhenIdle(model.manifest, byId("offline")));
} catch (err) {
  byId("name").textContent = "The model did not load";
  tell("failure", messageOf(err));
}
