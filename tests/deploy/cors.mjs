// What a page on another origin does with the API: `node cors.mjs <web/package.json>`; {page, api, rows, tensors} on stdin.

import { createRequire } from "node:module";
import { existsSync } from "node:fs";

const { chromium } = createRequire(process.argv[2])("playwright-core");
let text = "";
for await (const part of process.stdin) text += part;
const { pages, api, rows, inputs } = JSON.parse(text);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync),
  args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  const seen = [];
  for (const url of pages) {
    const page = await (await browser.newContext()).newPage();
    await page.goto(url);
    seen.push(await page.evaluate(async ([api, rows, inputs]) => {
      const told = async (path, init = {}) => {
        try {
          const response = await fetch(api + path, init);
          const length = response.headers.get("inference-header-content-length");
          const bytes = new Uint8Array(await response.arrayBuffer());
          const head = new TextDecoder().decode(length === null ? bytes : bytes.subarray(0, Number(length)));
          return { status: response.status, id: response.headers.get("x-request-id"), length, bytes: bytes.length, body: JSON.parse(head) };
        } catch (err) {
          return { error: err.name };
        }
      };
      const json = { "content-type": "application/json" };
      const body = JSON.stringify({ rows });
      const packed = await new Response(new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
      // V2's binary form: the document, then each tensor's bytes; the answer's label as bytes, too.
      const number = new Float64Array([rows[0].age]);
      const [age, ...others] = inputs;
      const binary = { name: age.name, shape: age.shape, datatype: age.datatype, parameters: { binary_data_size: number.byteLength } };
      const outputs = [{ name: "probabilities", parameters: { binary_data: true } }];
      const head = new TextEncoder().encode(JSON.stringify({ inputs: [...others, binary], outputs }));
      const infer = "/v2/models/visits/infer";
      return {
        json: await told("/predict", { method: "POST", headers: json, body }),
        gzip: await told("/predict", { method: "POST", headers: { ...json, "content-encoding": "gzip" }, body: packed }),
        refused: await told("/predict", { method: "POST", headers: json, body: "{" }),
        v2: await told(infer, { method: "POST", headers: json, body: JSON.stringify({ inputs }) }),
        binary: await told(infer, {
          method: "POST", body: new Blob([head, number]),
          headers: { "content-type": "application/octet-stream", "inference-header-content-length": String(head.length) },
        }),
        // Signed or with a token: a preflight of "/" itself.
        card: await told("/", { headers: { authorization: "Bearer x", "x-amz-date": "20261130T000000Z" } }),
        ready: await told("/v2/health/ready"),
      };
    }, [api, rows, inputs]));
    await page.context().close();
  }
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
