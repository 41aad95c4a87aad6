/**
 * Answers as page elements. Class names are text content, never markup.
 */

/**
 * @param {import("../manifest.js").Output[]} outputs @param {Record<string, any>} prediction one of `predict`'s
 * @returns {HTMLElement[]}
 */
export function elementsFor(outputs, prediction) {
  return outputs.map((output) => {
    const answer = prediction[output.name];
    if (output.kind === "label" && !Array.isArray(answer)) return element("p", "label", words(answer));
    const block = element("div", "output");
    block.append(element("h3", "", output.name));
    if (answer !== null && typeof answer === "object") block.append(bars(Object.entries(answer), output.kind === "probabilities"));
    else block.append(element("p", "label", words(answer)));
    return block;
  });
}

/** @param {[string, any][]} entries @param {boolean} probabilities of which the largest comes first, with a bar */
function bars(entries, probabilities) {
  const list = element("ul", "bars");
  const order = probabilities ? [...entries].sort(([, a], [, b]) => b - a) : entries;
  for (const [name, figure] of order) {
    const item = element("li", "");
    const shown = element("span", "figure", probabilities ? percent(figure) : words(figure));
    if (probabilities) shown.title = words(figure);
    item.append(element("span", "class", name), shown);
    if (probabilities) {
      const track = element("div", "track");
      const fill = element("div", "fill");
      fill.style.width = `${100 * Math.min(1, Math.max(0, figure ?? 0))}%`;
      track.setAttribute("aria-hidden", "true");
      track.append(fill);
      item.append(track);
    }
    list.append(item);
  }
  return list;
}

/** @param {any} value */
function words(value) {
  if (value === null || value === undefined) return "";
  return String(value); // every digit that tells the number from its neighbours, as the download has it
}

/** @param {number | null} p */
function percent(p) {
  return p === null ? "none" : `${(100 * p).toFixed(1)} %`;
}

/** @param {string} tag @param {string} className @param {string} [text] */
function element(tag, className, text = "") {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.textContent = text;
  return made;
}
