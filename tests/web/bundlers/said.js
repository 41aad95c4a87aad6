// What every application asks, whatever bundled it, into the page's body.
export async function said({ BundleError, load, loadInWorker }, { where = {}, tfjs = ["cpu", "wasm"], worker }) {
  const rows = JSON.parse(document.getElementById("rows").textContent);
  const said = { answers: {}, backends: {} };
  const note = async (way, model) => {
    said.backends[way] = model.backend;
    said.answers[way] = await model.predict(rows);
  };
  await note("rows", await load(where));
  for (const backend of tfjs) await note(backend, await load({ ...where, backend }));
  const there = await loadInWorker({ ...where, worker: worker() });
  await note("worker", there);
  said.refused = await there.predict([{}]).catch((err) => err.name);
  there.dispose();
  said.disposed = await there.predict(rows).catch((err) => err.name);
  said.missing = await load({ baseUrl: "/nothing/here/" }).catch((err) => [err instanceof BundleError, err.name]);
  document.body.dataset.said = JSON.stringify(said);
}
