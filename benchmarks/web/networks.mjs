// Every way to ask a network in JavaScript, in Node and in a page: `open(kind, base, tools)` -> {one, many}, as subjects.mjs
// does. Both TF.js graphs are run by stock TF.js, in the same lines.

export const KINDS = ["ours, wasm", "official, wasm", "ours, cpu", "official, cpu", "onnxruntime-web", "LiteRT.js"];

/**
 * @param {string} kind @param {string} base URL of the network's folder
 * @param {{json: (url: string) => Promise<any>, bytes: (url: string) => Promise<Uint8Array>, ort: any,
 *   script: (path: string) => Promise<any>, beside: (path: string) => string, packages: (path: string) => string}} tools
 *   script: a file of node_modules, loaded; beside, packages: where a folder of node_modules is, or of what is only compared
 */
export async function open(kind, base, tools) {
  const asked = await tools.json(`${base}/rows.json`);
  const width = asked.x.length / asked.count;
  const all = Float32Array.from(asked.x);
  const singles = Array.from({ length: asked.count }, (_, i) => all.slice(i * width, (i + 1) * width));
  const run = await opened(kind, base, asked, tools);
  return { one: (i) => run(singles[i], 1), many: () => run(all, asked.count) };
}

/** -> (data, count) => the numbers of these calls. */
async function opened(kind, base, asked, tools) {
  const shape = (count) => [count, ...asked.shape];
  if (kind === "onnxruntime-web") {
    const { ort } = tools;
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create(await tools.bytes(`${base}/model.onnx`));
    const [[input], [output]] = [session.inputNames, session.outputNames];
    return async (data, count) => (await session.run({ [input]: new ort.Tensor("float32", data, shape(count)) }))[output].data;
  }
  if (kind === "LiteRT.js") return litert(base, asked, tools);
  const [graph, backend] = kind.split(", ");
  const tf = (await tools.script("@tensorflow/tfjs/dist/tf.min.js")) ?? globalThis.tf;
  if (backend === "wasm") {
    const wasm = (await tools.script("@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js")) ?? globalThis.tf.wasm;
    wasm.setWasmPaths(tools.beside("@tensorflow/tfjs-backend-wasm/dist"));
  }
  if (!(await tf.setBackend(backend))) throw new Error(`TF.js has no backend ${backend} here`);
  await tf.ready();
  const { input, output } = asked.graphs[graph];
  const model = await tf.loadGraphModel(tf.io.fromMemory(await artifacts(`${base}/${graph}`, tools)));
  return async (data, count) => {
    const given = tf.tensor(data, shape(count), "float32");
    const made = model.execute({ [input]: given }, output);
    const numbers = await made.data();
    tf.dispose([given, made]);
    return numbers;
  };
}

/** A graph model, read whole: Node's fetch takes no file: URL. */
async function artifacts(base, tools) {
  const { modelTopology, weightsManifest, signature } = await tools.json(`${base}/model.json`);
  const paths = weightsManifest.flatMap((group) => group.paths);
  const shards = await Promise.all(paths.map((path) => tools.bytes(`${base}/${path}`)));
  const weightData = await new Blob(shards).arrayBuffer();
  return { modelTopology, signature, weightSpecs: weightsManifest.flatMap((group) => group.weights), weightData };
}

async function litert(base, asked, tools) {
  const { loadLiteRt, loadAndCompile, Tensor } = await import(tools.packages("@litertjs/core/dist/index.js"));
  await loadLiteRt(tools.packages("@litertjs/core/wasm/"));
  const models = new Map();
  for (const count of [1, asked.count]) {
    const bytes = await tools.bytes(`${base}/model-${count}.tflite`);
    models.set(count, await loadAndCompile(bytes, { accelerator: "wasm" }));
  }
  return async (data, count) => {
    const given = new Tensor(data, [count, ...asked.shape]);
    const made = await models.get(count).run(given);
    const numbers = (await made[0].data()).slice();
    for (const each of [given, ...made]) each.delete();
    return numbers;
  };
}
