/**
 * What if one column were another: the answer along the column's range as curves, or for each of its choices as bars. All
 * other columns are as they are in the form.
 */

import { brief, percent, words } from "../answer/figures.js";
import { inWords as time } from "../answer/speed.js";
import { byId, cut, make, messageOf, option } from "../dom.js";
import { oneAtATime } from "../live.js";
import { problemOf } from "../problems.js";
import { tableElement } from "../results.js";
import { chart, svg } from "./chart.js";
import { choiceBars } from "./choices.js";
import { canVary, pointsFor } from "./points.js";
import { drawable, seriesFrom } from "./series.js";

const WAITS = "It waits for the fields that the model refuses.";

/**
 * @typedef {import("../form.js").Control} Control
 * @typedef {{control: Control, points: import("./points.js").Points, current: any, series: import("./series.js").Series,
 *   lines: (number | null)[][], refused: string[], took: number}} Answered `lines` by series, then by point: null where
 *   the model refuses
 * @param {import("../../index.js").Model} model @param {Control[]} controls @param {() => Promise<void>} edited
 * @returns {Promise<(row: Record<string, any> | null) => void>} draws for a row
 */
export async function setUpWhatIf(model, controls, edited) {
  const varied = controls.filter(canVary);
  if (varied.length === 0) return () => {};
  await styled();
  const column = /** @type {HTMLSelectElement} */ (byId("whatif-column"));
  const output = /** @type {HTMLSelectElement} */ (byId("whatif-output"));
  const outputs = drawable(model.manifest.outputs);
  varied.forEach((control, i) => column.append(option(String(i), control.column.name)));
  outputs.forEach(({ name }, i) => output.append(option(String(i), name)));
  byId("whatif-outputs").hidden = outputs.length === 1;
  byId("whatif").hidden = false;
  const view = viewFor(edited);
  /** @type {Record<string, any> | null} */
  let row = null;
  let inSight = false;
  let behind = false;
  const draw = oneAtATime(async (newer) => {
    const control = varied[Number(column.value)];
    if (row === null) return view.wait(WAITS);
    try {
      const answered = await ask(model, control, row, outputs[Number(output.value)]);
      if (!newer()) view.show(answered);
    } catch (err) {
      view.wait(messageOf(err));
    }
  });
  const follow = () => {
    behind = !inSight;
    if (inSight) void draw();
  };
  // A hundred rows an edit are for whoever looks at them.
  new IntersectionObserver(([{ isIntersecting }]) => {
    inSight = isIntersecting;
    if (inSight && behind) follow();
  }, { rootMargin: "200px" }).observe(byId("whatif"));
  for (const list of [column, output]) list.addEventListener("change", () => void draw());
  return (answered) => {
    row = answered;
    follow();
  };
}

/**
 * Asks all points in one call, but for those that the model refuses.
 * @param {import("../../index.js").Model} model @param {Control} control @param {Record<string, any>} row
 * @param {import("../../manifest.js").Output} output @returns {Promise<Answered>}
 */
async function ask(model, control, row, output) {
  const { name } = control.column;
  const current = row[name];
  const points = pointsFor(control, current);
  const rows = points.values.map((value) => ({ ...row, [name]: value }));
  const problems = points.values.map((value) => problemOf(control.column, value)); // the other columns were answered
  const taken = rows.filter((_, i) => problems[i] === null);
  if (taken.length === 0) throw new Error(`The model refuses all ${rows.length} points: ${problems[0]}`);
  const start = performance.now();
  const predictions = await model.predict(taken);
  const took = performance.now() - start;
  const series = seriesFrom(output, predictions);
  const lines = series.values.map((values) => {
    let next = 0;
    return problems.map((found) => (found !== null ? null : values[next++]));
  });
  return { control, points, current, series, lines, took, refused: problems.filter((found) => found !== null) };
}

/** @param {() => Promise<void>} edited @returns {{show: (answered: Answered) => void, wait: (why: string) => void}} */
function viewFor(edited) {
  const slider = /** @type {HTMLInputElement} */ (byId("whatif-at"));
  const details = /** @type {HTMLDetailsElement} */ (byId("whatif-table"));
  /** @type {Answered | null} */
  let shown = null;
  /** @type {ReturnType<typeof chart> | null} */
  let drawn = null;
  let at = 0;

  const move = (/** @type {number} */ i) => {
    if (shown === null) return;
    at = i;
    slider.value = String(i);
    const where = words(shown.points.values[i]);
    const figures = shown.lines.map((line) => figureOf(/** @type {Answered} */ (shown).series, line[i]));
    drawn?.point(i);
    byId("whatif-legend").replaceChildren(...legend(shown.series.names, figures));
    byId("whatif-where").textContent = `${cut(shown.control.column.name)} = ${where}`;
    slider.setAttribute("aria-valuetext", `${where}: ${shown.series.names.map((name, k) => `${name} ${figures[k]}`).join(", ")}`);
    byId("whatif-use").hidden = shown.points.values[i] === shown.current;
    byId("whatif-use").textContent = `Put ${where} into the form`;
  };
  const draw = () => {
    if (shown === null) return;
    const { points, series, lines, current, control } = shown;
    const place = byId("whatif-chart");
    byId("whatif-read").hidden = !points.isCurve;
    if (!points.isCurve) {
      drawn = null;
      place.replaceChildren(choiceBars(points.values, series, lines, current));
      byId("whatif-legend").replaceChildren(...(series.isShare ? legend(series.names, series.names.map(() => ""), true) : []));
      return;
    }
    const name = control.column.name;
    const described = `${series.isShare ? "Probability" : series.output} by ${name}, ${points.said}. The table below has the numbers.`;
    const width = Math.max(240, Math.floor(place.clientWidth));
    drawn = chart({ width, x: points.values, series, values: lines, name, current: typeof current === "number" ? current : null, described });
    place.replaceChildren(drawn.element);
    slider.max = String(points.values.length - 1);
    const start = points.values.indexOf(current);
    move(start < 0 ? Math.floor(points.values.length / 2) : start);
  };
  const table = () => {
    if (!details.open || shown === null) return;
    const { points, series, lines, control } = shown;
    const said = points.values.map((value, i) => [value === null ? "(missing)" : value, ...lines.map((line) => tableCell(series, line[i]))]);
    byId("whatif-cells").replaceChildren(tableElement([control.column.name, ...series.names], said, said.length));
  };

  slider.addEventListener("input", () => move(Number(slider.value)));
  details.addEventListener("toggle", table);
  byId("whatif-use").addEventListener("click", () => {
    if (shown === null) return;
    shown.control.write(shown.points.values[at]);
    slider.focus(); // the button goes away
    void edited();
  });
  const chartPlace = byId("whatif-chart");
  for (const kind of /** @type {const} */ (["pointerdown", "pointermove"])) {
    chartPlace.addEventListener(kind, (event) => {
      if (drawn !== null && (kind === "pointerdown" || event.pointerType === "mouse")) move(drawn.nearest(event.clientX));
    });
  }
  let width = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width !== width && drawn !== null) draw();
    width = contentRect.width;
  }).observe(chartPlace);

  return {
    show(answered) {
      shown = answered;
      byId("whatif-note").textContent = noteOn(answered);
      byId("whatif-body").hidden = false;
      draw();
      table();
    },
    wait(why) {
      shown = drawn = null;
      byId("whatif-note").textContent = why;
      byId("whatif-body").hidden = true;
    },
  };
}

/** @param {Answered} answered */
function noteOn({ points, series, refused, took }) {
  const count = points.values.length;
  const asked = points.isCurve ? `${count} points ${points.said}` : `${count} choices`;
  const left = series.left > 0 ? ` Shown are the ${series.isShare ? "" : "first "}${series.names.length} of ${series.names.length + series.left}${series.isShare ? " that reach highest" : ""}.` : "";
  const gaps = refused.length > 0 ? ` ${refused.length} ${refused.length === 1 ? "is" : "are"} refused (${refused[0]})${points.isCurve ? ": the gaps" : ""}.` : "";
  return `${asked}, asked in one call (${time(took)}).${left}${gaps}`;
}

/** @param {string[]} names @param {string[]} figures @param {boolean} [ofBars] */
function legend(names, figures, ofBars = false) {
  return names.map((name, k) => {
    const item = make("li");
    const sample = svg("svg", { width: 26, height: 10, "aria-hidden": "true" });
    const kind = ofBars ? svg("rect", { class: `dot s${k}`, width: 26, height: 10 }) : svg("line", { class: `curve s${k}`, x1: 0, x2: 26, y1: 5, y2: 5 });
    sample.append(kind);
    item.append(sample, make("span", "class", name), make("span", "figure", figures[k]));
    return item;
  });
}

/** @param {import("./series.js").Series} series @param {number | null} value */
function figureOf({ isShare, labels }, value) {
  if (value === null) return "refused";
  if (labels !== null) return labels[value];
  return isShare ? percent(value) : brief(value);
}

/** @param {import("./series.js").Series} series @param {number | null} value */
function tableCell({ labels }, value) {
  return value === null ? "refused" : labels !== null ? labels[value] : value;
}

/** The section's own style sheet, which nobody waits for before the first answer. */
function styled() {
  const link = make("link");
  link.rel = "stylesheet";
  link.href = new URL("./whatif.css", import.meta.url).href;
  return new Promise((resolve) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", resolve);
    document.head.append(link);
  });
}
