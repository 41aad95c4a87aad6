import { BundleError, load, loadInWorker } from "model";
import ModelWorker from "model/worker.js?worker";

const rows = JSON.parse(document.getElementById("rows").textContent);
const said = { answers: {}, backends: {} };
for (const backend of ["cpu", "wasm"]) {
  const model = await load({ backend });
  said.backends[backend] = model.backend;
  said.answers[backend] = await model.predict(rows);
}
const rowProgram = await load();
said.backends.rows = rowProgram.backend;
said.answers.rows = await rowProgram.predict(rows);
const inWorker = await loadInWorker({ worker: new ModelWorker() });
said.answers.worker = await inWorker.predict(rows);
said.refused = await inWorker.predict([{}]).catch((err) => err.name);
inWorker.dispose();
said.missing = await load({ baseUrl: "/nothing/here/" }).catch((err) => [err instanceof BundleError, err.name]);
document.body.dataset.said = JSON.stringify(said);
