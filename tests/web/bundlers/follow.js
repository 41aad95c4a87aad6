import * as model from "@acme/model";
import { said } from "./said.js";

said(model, { worker: () => new Worker(new URL("./model-worker.js", import.meta.url), { type: "module" }) });
