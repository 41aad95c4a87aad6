// Files on a bundle's page in Chromium: `node files_page.mjs <web/package.json>`, {bundle, csv, small, parquet, wrong, refused,
// all, empty, out, shots} on stdin (paths, but for the folder `out` of downloads), what was seen on stdout, as JSON.

import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { opened } from "./opened.mjs";

let text = "";
for await (const part of process.stdin) text += part;
const job = JSON.parse(text);
const { page, console: said, packages, close } = await opened(process.argv[2], job.bundle);
const axe = readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8");
const seen = { console: said, wrong: {}, parquet: {}, downloads: {}, axe: {} };

/** What the page says when it is done with a file. */
const state = () =>
  page.evaluate(() => {
    const shown = (id) => (document.getElementById(id).hidden ? null : document.getElementById(id).textContent);
    return {
      name: shown("batch-name"),
      status: shown("batch-status"),
      problem: shown("batch-problem"),
      refused: [...document.querySelectorAll("#batch-refused:not([hidden]) li, #batch-refused:not([hidden]) p")].map((x) => x.textContent),
      running: !document.getElementById("batch-running").hidden,
      download: !document.getElementById("batch-download").hidden,
      header: [...document.querySelectorAll("#batch-table:not([hidden]) th")].map((x) => x.textContent),
      first: [...(document.querySelector("#batch-table:not([hidden]) tbody tr")?.cells ?? [])].map((x) => x.textContent),
      lines: document.querySelectorAll("#batch-table:not([hidden]) tbody tr").length,
      chart: document.querySelector("#batch-chart:not([hidden]) svg")?.getAttribute("aria-label") ?? null,
      bars: document.querySelectorAll("#batch-chart:not([hidden]) .bar").length,
    };
  });
const chosen = async (path) => {
  await page.locator("#batch-file").setInputFiles(path);
  await page.waitForFunction((name) => {
    const shown = (id) => !document.getElementById(id).hidden;
    return document.getElementById("batch-name").textContent === name && (shown("batch-download") || shown("batch-problem"));
  }, basename(path));
  return state();
};
const saved = async (name) => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#batch-download").click()]);
  await download.saveAs(join(job.out, name));
  return download.suggestedFilename();
};
/** A file of one part over and over, dropped on the section as a person would. */
const dropped = (path, times, name) =>
  page.evaluate(
    async ([head, rows, times, name]) => {
      const file = new File([head, ...new Array(times).fill(rows)], name);
      const transfer = new DataTransfer();
      transfer.items.add(file);
      const zone = document.getElementById("files");
      const event = (kind) => new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer });
      zone.querySelector("h2").dispatchEvent(event("dragover"));
      const over = zone.classList.contains("over");
      zone.querySelector("h2").dispatchEvent(event("drop"));
      return [over, zone.classList.contains("over")];
    },
    [...splitAtHeader(readFileSync(path, "utf8")), times, name],
  );
const splitAtHeader = (csv) => [csv.slice(0, csv.indexOf("\n") + 1), csv.slice(csv.indexOf("\n") + 1)];
const underWay = () => page.waitForFunction(() => document.getElementById("batch-progress").value > 0 && document.getElementById("batch-figures").textContent !== "");
const checked = async (name) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  seen.axe[name] = violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
};

try {
  // Everything that the page says while it works.
  await page.evaluate(() => {
    globalThis.said = { values: [], figures: [], status: [] };
    new MutationObserver(() => {
      const bar = document.getElementById("batch-progress");
      if (bar.hasAttribute("value") && globalThis.said.values.at(-1) !== bar.value) globalThis.said.values.push(bar.value);
      for (const name of ["figures", "status"]) {
        const words = document.getElementById(`batch-${name}`).textContent;
        if (words !== "" && globalThis.said[name].at(-1) !== words) globalThis.said[name].push(words);
      }
    }).observe(document.getElementById("files"), { subtree: true, childList: true, attributes: true, characterData: true });
  });
  seen.csv = await chosen(job.csv);
  seen.said = await page.evaluate(() => globalThis.said);
  seen.downloads.csv = await saved("csv.csv");
  await page.screenshot({ path: join(job.shots, "answered.png"), fullPage: true });
  await checked("answered");

  // Cancelled, by keyboard; then used again.
  seen.over = await dropped(job.csv, 60, "large.csv");
  await underWay();
  await page.screenshot({ path: join(job.shots, "under-way.png"), fullPage: true });
  await checked("under way");
  await page.locator("#batch-cancel").focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.getElementById("batch-running").hidden);
  seen.cancelled = await state();
  seen.after = await chosen(job.small);
  seen.downloads.small = await saved("small.csv");

  // A second file while the first is worked on.
  await dropped(job.csv, 60, "large.csv");
  await underWay();
  seen.last = await chosen(job.small);
  await dropped(job.csv, 60, "large.csv"); // and before its worker said a word
  seen.lastAtOnce = await chosen(job.small);
  while (page.workers().length > 1) await page.workers()[0].waitForEvent("close"); // those that were left
  seen.workers = page.workers().length;

  for (const path of job.wrong) seen.wrong[basename(path)] = await chosen(path);
  seen.refused = await chosen(job.refused);
  seen.downloads.refused = await saved("refused.csv");
  await checked("refused");
  seen.all = await chosen(job.all);
  seen.empty = await chosen(job.empty);
  seen.downloads.empty = await saved("empty.csv");

  for (const path of job.parquet) {
    seen.parquet[basename(path)] = await chosen(path);
    if (seen.parquet[basename(path)].problem === null) await saved(`${basename(path)}.csv`);
  }
  await page.locator("#batch-file").setInputFiles(job.largeParquet);
  await underWay();
  seen.parquetFigures = await page.locator("#batch-figures").textContent();
  await page.locator("#batch-cancel").click();
  seen.parquetCancelled = await state();
  seen.again = await chosen(job.small);
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.screenshot({ path: join(job.shots, "phone.png"), fullPage: true });
  seen.scrolls = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
} finally {
  await close();
}
console.log(JSON.stringify(seen));
