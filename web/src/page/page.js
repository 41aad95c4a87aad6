/**
 * The page around a model: a form for one row, what if one column were another, a file for many, and the golden rows.
 * `?engine=rows|tfjs` in the address chooses what answers, `?backend=cpu|wasm|webgl|webgpu` the backend of TF.js.
 */

import { setUpAnswers } from "./answering.js";
import { setUpBatch } from "./batch.js";
import { byId, messageOf, tell } from "./dom.js";
import { controlsFor, isLong, layOut } from "./form.js";
import { setUpEngine, showIdentity, showTrust } from "./identity.js";
import { watchLoading } from "./loading.js";
import { checkWhenIdle, setUpProof } from "./proof.js";
import { setUpTheme } from "./theme.js";
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
  setUpBatch(model);
  const check = setUpProof(model);
  byId("main").hidden = false;
  await answer();
  checkWhenIdle(check);
  const { setUpWhatIf } = await import("./whatif/whatif.js"); // not needed for the first answer
  follow = await setUpWhatIf(model, controls, answer);
  follow(last);
}

setUpTheme();
const loading = watchLoading();
try {
  const asked = new URLSearchParams(location.search);
  const wanted = (/** @type {string} */ name) => asked.get(name) ?? "auto";
  const options = /** @type {any} */ ({ engine: wanted("engine"), backend: wanted("backend"), onProgress: loading.onProgress });
  const model = await load(options);
  loading.done();
  await show(model);
} catch (err) {
  loading.done();
  if (byId("main").hidden) byId("name").textContent = "The model did not load";
  tell("failure", messageOf(err));
}
