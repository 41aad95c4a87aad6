// Runs steps in one Chromium profile: `node chromium.mjs <web/package.json>` with a job on stdin, what each gave on stdout.
//
// job.folders: {name: path}, served at /name/ on loopback. job.patches: {name: {file: [[text, other text], ...]}}, applied
// as the file is served, so that a test can plant a fault. A step is {visit: "/name/index.html?x", folders, patches, run,
// offline}: a page is opened there (`/blank.html` is empty), and `run`, the body of an async function, is run in it. A
// step's own folders and patches replace the job's from then on; offline: the server answers nothing any more.

import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { served } from "./served.mjs";

const [, , packageJson] = process.argv;
const { chromium } = createRequire(packageJson)("playwright-core");
const job = JSON.parse(readFileSync(0, "utf8"));

const { state, requests, origin, close } = await served(job);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync),
  args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-unsafe-swiftshader"],
});
const seen = [];
try {
  const context = await browser.newContext();
  context.setDefaultTimeout(60_000);
  for (const step of job.steps) {
    Object.assign(state, { folders: step.folders ?? state.folders, patches: step.patches ?? state.patches, offline: step.offline ?? state.offline });
    const page = await context.newPage();
    const console = [];
    page.on("console", (message) => console.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (err) => console.push(`pageerror: ${err.message}`));
    requests.length = 0;
    await page.goto(origin + step.visit);
    if (step.wait) await page.locator(step.wait).first().waitFor();
    const result = await page.evaluate(step.run === undefined ? () => null : `(async () => {${step.run}})()`);
    if (step.shot) await page.screenshot({ path: step.shot, fullPage: true });
    seen.push({ result, console, requests: [...requests] });
    await page.close();
  }
} finally {
  await browser.close();
  close();
}
process.stdout.write(JSON.stringify(seen));
