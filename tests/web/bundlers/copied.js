import * as model from "@acme/model";
import { said } from "./said.js";

said(model, { where: { baseUrl: "/model/" }, worker: () => "/model/worker.js" });
