// A file of rows answered in JavaScript, in Node and in a page: the page's own path, and PapaParse with onnxruntime-web.
//
// many(): the bytes of a CSV file in, the bytes of the CSV file of answers out; numbers(): what stands in these, to be
// compared before anything is timed.

export const KINDS = ["page", "PapaParse, onnxruntime-web"];

/** Characters that PapaParse reads at once, and rows that onnxruntime-web is asked at once: the fastest of those tried. */
const [PIECE, ROWS] = [2 ** 20, 2048];

/**
 * @param {string} kind @param {string} base URL of the model's folder
 * @param {{json: (url: string) => Promise<any>, bytes: (url: string) => Promise<Uint8Array>, ort: any, script: (path: string) => Promise<any>}} tools
 */
export async function open(kind, base, tools) {
  const asked = await tools.json(`${base}/rows.json`);
  const bytes = await tools.bytes(`${base}/rows.csv`);
  const many = kind === "page" ? await ours(base, bytes) : await theirs(base, bytes, asked, tools);
  const numbers = async () => {
    const [, ...lines] = (await (await many()).text()).trimEnd().split(/\r?\n/);
    return lines.flatMap((line) => line.split(",").slice(-asked.classes).map(Number));
  };
  return { many, numbers };
}

async function ours(base, bytes) {
  const { load } = await import(`${base}/web/index.js`);
  const { score } = await import(`${base}/web/page/files/score.js`);
  const model = await load({ engine: "rows" });
  return async () => (await score(model, new Blob([bytes]), "rows.csv")).blob;
}

async function theirs(base, bytes, { texts }, { ort, bytes: read, script }) {
  const Papa = (await script("papaparse/papaparse.min.js")) ?? globalThis.Papa;
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(await read(`${base}/standard.onnx`));
  const [label, probabilities] = session.outputNames;
  const feeds = (rows, header) => {
    if (texts === null) {
      const x = new Float32Array(rows.length * header.length);
      let at = 0;
      for (const row of rows) for (let j = 0; j < header.length; j++) x[at++] = Number(row[j]);
      return { X: new ort.Tensor("float32", x, [rows.length, header.length]) };
    }
    return Object.fromEntries(header.map((name, j) => {
      const isText = texts.includes(name);
      const column = isText ? rows.map((row) => row[j]) : Float32Array.from(rows, (row) => Number(row[j]));
      return [name, new ort.Tensor(isText ? "string" : "float32", column, [rows.length, 1])];
    }));
  };
  return async () => {
    const text = new TextDecoder().decode(bytes);
    const parts = [];
    let header = null;
    for (let at = 0; at < text.length; ) {
      const end = at + PIECE >= text.length ? text.length : text.lastIndexOf("\n", at + PIECE) + 1;
      let { data } = Papa.parse(text.slice(at, end), { skipEmptyLines: true });
      at = end;
      if (header === null) {
        header = data[0];
        data = data.slice(1);
        parts.push(`${[...header, "label", "probabilities_0", "probabilities_1"].join(",")}\n`);
      }
      for (let start = 0; start < data.length; start += ROWS) {
        const rows = data.slice(start, start + ROWS);
        const made = await session.run(feeds(rows, header));
        const [labels, p] = [made[label].data, made[probabilities].data];
        const width = p.length / rows.length;
        let out = "";
        for (let i = 0; i < rows.length; i++) {
          out += `${rows[i].join(",")},${labels[i]}`;
          for (let k = 0; k < width; k++) out += `,${p[i * width + k]}`;
          out += "\n";
        }
        parts.push(out);
      }
    }
    return new Blob(parts);
  };
}
