/**
 * A file of rows: read here, answered here, and back as a file.
 */

import { byId, messageOf, tell } from "./dom.js";
import { InputError } from "../errors.js";
import { tableElement, tableFrom } from "./results.js";

const LINES_SHOWN = 200;

/** @param {import("../index.js").Model} model */
export function setUpBatch(model) {
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
      const [{ cellsFromCsv, csvFromCells, rowsFromCells, titlesBeside }, { textFromFile }] = await Promise.all([import("./csv.js"), import("./encoding.js")]);
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
