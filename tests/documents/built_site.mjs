/** Opens every page of a built site from its files: node built_site.mjs FOLDER PAGE... */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { chromium } = createRequire(`${process.cwd()}/package.json`)("playwright-core");
const [folder, ...pages] = process.argv.slice(2);
const WORDS = ["tolerance", "--on-error", "spark_udf", "U+FDD0", "cold start"];

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const seen = { requests: {}, widths: {}, problems: [], found: {} };
const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
let asked = [];
page.on("request", (request) => !request.url().startsWith("file://") && !request.url().startsWith("data:") && asked.push(request.url()));
page.on("console", (message) => message.type() === "error" && seen.problems.push(`${page.url()}: ${message.text()}`));
page.on("pageerror", (error) => seen.problems.push(`${page.url()}: ${error.message}`));
for (const name of pages) {
  asked = [];
  await page.goto(pathToFileURL(`${folder}/${name}`).href);
  seen.widths[name] = await page.evaluate(() => document.documentElement.scrollWidth);
  seen.requests[name] = asked;
}
for (const words of WORDS) {
  await page.goto(`${pathToFileURL(`${folder}/search.html`).href}?q=${encodeURIComponent(words)}`);
  await page.waitForSelector("#search-results ul.search li a, #search-results p.search-summary", { timeout: 20000 });
  await page.waitForTimeout(1500);
  seen.found[words] = await page.$$eval("#search-results li a", (links) => links.map((link) => link.getAttribute("href").split(/[?#]/)[0]));
}
await browser.close();
console.log(JSON.stringify(seen));
