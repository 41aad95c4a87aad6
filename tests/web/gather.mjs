// `node gather.mjs <web/> <cpu|wasm>` with cases {x, shape, dtype, indices, of, axis, batchDims} as JSON on stdin: what
// TF.js's own kernel makes of each, and what ours does.
import { join } from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [web, backend] = process.argv.slice(2);
let text = "";
for await (const part of process.stdin) text += part;
const cases = JSON.parse(text);
const require = createRequire(join(web, "node_modules", "here.js"));
const tf = require("@tensorflow/tfjs-core");
tf.env().set("IS_NODE", false);
require(`@tensorflow/tfjs-backend-${backend}`);
if (backend === "wasm") {
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  require("@tensorflow/tfjs-backend-wasm").setWasmPaths(join(web, "node_modules", "@tensorflow", "tfjs-backend-wasm", "dist") + "/");
}
const made = async () => {
  const all = [];
  for (const { x, shape, dtype, indices, of, axis, batchDims } of cases) {
    try {
      const got = tf.gather(tf.tensor(x, shape, dtype), tf.tensor(indices, of, "int32"), axis, batchDims);
      all.push({ data: Array.from(await got.data()), shape: got.shape, dtype: got.dtype });
    } catch (err) {
      all.push(err.message);
    }
  }
  return all;
};
if (!(await tf.setBackend(backend))) throw new Error(`no backend ${backend}`);
const stock = await made();
const { registerGather } = await import(pathToFileURL(join(web, "src", "tfjs", "gather.js")).href);
registerGather(backend);
console.log(JSON.stringify([stock, await made()]));
