/**
 * The page around a model: a form for one row, what if one column were another, a file for many, and the golden rows.
 * `?engine=rows|tfjs` in the address chooses what answers, `?backend=cpu|wasm|webgl|webgpu` the backend of TF.js.
 */

import { setUpAnswers } from "./answering.js";
import { byId, messageOf, tell } from "./dom.js";
import { setUpFiles } from "./files/files.js";
import { controlsFor, isLong, layOut } from "./form.js";
import { setUpEngine, showIdentity, showTrust } from "./identity.js";
import { watchLoading } from "./loading.js";
import { load } from "../index.js";

/** @param {import("../index.js").Model} model */
async function show(model) {
  showIdentity(model);
  showTrust(model);
  setUpEngine(model);
  const controls = controlsFor(model.manifest.signature, model.form);
  byId("fields").append(...layOut(controls));
  if (isLong(controls)) (await import("./filter.js")).setUpFilter(controls);
  /** @type {Record<string, any> | null} */
  let last = null;
  /** @param {Record<string, any> | null} row */
  let follow = (row) => {
    last = row;
  };
  const answer = setUpAnswers(model, controls, (row) => follow(row));
  setUpFiles(model);
  byId("main").hidden = false;
  await answer();
  // Not needed for the first answer.
  const [{ setUpTheme }, { checkWhenIdle, setUpProof }, { setUpWhatIf }] = await Promise.all([
    import("./theme.js"),
    import("./proof.js"),
    import("./whatif/whatif.js"),
  ]);
  setUpTheme();
  checkWhenIdle(setUpProof(model));
  follow = await setUpWhatIf(model, controls, answer);
  follow(last);
  const { keepWhenIdle } = await import("../offline/offline.js");
  keepWhenIdle(model.manifest, byId("offline"));
}

const loading = watchLoading();
try {
  const asked = new URLSearchParams(location.search);
  const engine = /** @type {import("../index.js").EngineName} */ (asked.get("engine") ?? "auto");
  const backend = /** @type {any} */ (asked.has("backend") ? [asked.get("backend"), "auto"] : "auto");
  const model = await load(/** @type {any} */ ({ engine, backend, onProgress: loading.onProgress }));
  loading.done();
  await show(model);
} catch (err) {
  loading.done();
  if (byId("main").hidden) byId("name").textContent = "The model did not load";
  tell("failure", messageOf(err));
}
