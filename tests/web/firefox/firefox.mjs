// Runs steps in one Firefox profile over WebDriver BiDi: `node firefox.mjs <web/package.json> <firefox>`, a job on stdin as
// chromium.mjs has it.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { served } from "../backends/served.mjs";

const [, , packageJson, executablePath] = process.argv;
const puppeteer = createRequire(packageJson)("puppeteer-core");
const job = JSON.parse(readFileSync(0, "utf8"));
const { state, requests, origin, close } = await served(job);

const browser = await puppeteer.launch({ browser: "firefox", protocol: "webDriverBiDi", executablePath, headless: true });
const seen = [];
try {
  for (const step of job.steps) {
    Object.assign(state, { offline: step.offline ?? state.offline });
    const page = await browser.newPage();
    const console = [];
    page.on("console", (message) => console.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (err) => console.push(`pageerror: ${err.message}`));
    requests.length = 0;
    await page.goto(origin + step.visit);
    if (step.wait) await page.waitForSelector(step.wait, { timeout: 60_000 });
    const result = await page.evaluate(`(async () => {${step.run}})()`);
    if (step.shot) await page.screenshot({ path: step.shot, fullPage: true });
    seen.push({ result, console, requests: [...requests] });
    await page.close();
  }
  seen.push({ version: await browser.version() });
} finally {
  await browser.close();
  close();
}
process.stdout.write(JSON.stringify(seen));
