/**
 * The chart of an answered file, as SVG: how often each label, or a histogram. What it shows stands in its name, too.
 */

const SVG = "http://www.w3.org/2000/svg";
const [ROW, HEIGHT] = [26, 180];

/** @param {any} chart one of tally.js @param {number} width there is @returns {Element[]} */
export function chartElement(chart, width) {
  const title = document.createElement("h3");
  title.textContent = Array.isArray(chart.edges) ? `${chart.name}, over all rows` : `${chart.name}: how often`;
  return [title, Array.isArray(chart.edges) ? histogram(chart, width) : bars(chart, width)];
}

/** @param {import("./tally.js").LabelCounts} chart @param {number} width */
function bars({ name, counts, others, more }, width) {
  const labels = Math.round(0.35 * width);
  const all = others > 0 ? [...counts, [`${more > 0 ? `${more} others` : "others"}`, others]] : counts;
  const most = Math.max(1, ...all.map(([, n]) => Number(n)));
  const words = all.map(([label, n]) => `${label} ${Number(n).toLocaleString("en")}`).join(", ");
  const svg = drawing(width, all.length * ROW, `How often each ${name} was answered: ${words}`);
  all.forEach(([label, n], i) => {
    const y = i * ROW;
    const length = ((width - labels - 80) * Number(n)) / most;
    svg.append(
      caption(cut(String(label), labels / 9), labels - 10, y + 17, "end", String(label)),
      element("rect", { x: labels, y: y + 4, width: Math.max(1, length), height: ROW - 9, rx: 3, class: "bar" }),
      caption(Number(n).toLocaleString("en"), labels + length + 8, y + 17, "start"),
    );
  });
  return svg;
}

/** @param {import("./tally.js").Histogram} chart @param {number} width */
function histogram({ name, edges, counts, least, most, mean, none }, width) {
  const highest = Math.max(1, ...counts);
  const without = none > 0 ? `; ${none.toLocaleString("en")} rows without a number` : "";
  const words = `from ${digits(least)} to ${digits(most)}, on average ${digits(mean)}${without}`;
  const svg = drawing(width, HEIGHT + 24, `Histogram of ${name}: ${words}`);
  const step = width / counts.length;
  counts.forEach((n, i) => {
    const height = (HEIGHT * n) / highest;
    const bar = element("rect", { x: i * step + 0.5, y: HEIGHT - height, width: Math.max(1, step - 1), height, class: "bar" });
    const tip = element("title", {});
    tip.textContent = `${digits(edges[i])} to ${digits(edges[i + 1])}: ${n.toLocaleString("en")}`;
    bar.append(tip);
    svg.append(bar);
  });
  svg.append(caption(digits(least), 0, HEIGHT + 18, "start"), caption(`mean ${digits(mean)}`, width / 2, HEIGHT + 18, "middle"), caption(digits(most), width, HEIGHT + 18, "end"));
  return svg;
}

/** @param {number} width @param {number} height @param {string} says */
function drawing(width, height, says) {
  return element("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": says, class: "chart" });
}

/** @param {string} text @param {number} x @param {number} y @param {string} anchor @param {string} [whole] */
function caption(text, x, y, anchor, whole = text) {
  const made = element("text", { x, y, "text-anchor": anchor });
  made.textContent = text;
  if (whole !== text) {
    const tip = element("title", {});
    tip.textContent = whole;
    made.append(tip);
  }
  return made;
}

/** @param {string} tag @param {Record<string, string | number>} attributes */
function element(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}

/** @param {string} text @param {number} most characters, about */
function cut(text, most) {
  const points = Array.from(text.slice(0, 200));
  return points.length <= most ? text : `${points.slice(0, most - 1).join("")}…`;
}

/** @param {number} x */
function digits(x) {
  return String(Number(x.toPrecision(4)));
}
