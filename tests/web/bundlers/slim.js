import { load } from "@acme/model/slim";

const rows = JSON.parse(document.getElementById("rows").textContent);
const where = window.where ?? {};
const said = { answers: { rows: await (await load(where)).predict(rows) } };
said.first = ["/", ...performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname)]; // for an answer in rows
const tfjs = await load({ ...where, engine: "tfjs" }).catch((err) => err);
if (tfjs instanceof Error) said.tfjs = [tfjs.name, tfjs.message];
else {
  said.answers.tfjs = await tfjs.predict(rows);
  said.tfjs = tfjs.backend;
}
document.body.dataset.said = JSON.stringify(said);
