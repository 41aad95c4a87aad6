import { load } from "@acme/model";

const model = await load();
document.body.dataset.said = JSON.stringify({ rows: await model.predict(JSON.parse(document.getElementById("rows").textContent)) });
