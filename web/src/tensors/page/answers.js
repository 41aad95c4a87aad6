/**
 * Answers as page elements: a bar a class, or the numbers. Names are text content, never markup.
 */

import { nested } from "../nested.js";

/** Numbers of an output that are shown as bars, and characters of one that is shown as numbers. */
const BARS = 64;
const TEXT = 2000;

/**
 * @param {import("../../manifest.js").Output[]} outputs @param {Record<string, import("../signature.js").Tensor>} made
 * @returns {HTMLElement[]}
 */
export function answersFor(outputs, made) {
  return outputs.map((output) => {
    const tensor = made[output.name];
    const block = element("div", "output");
    block.append(element("h3", "", `${output.name} [${tensor.shape.join(", ")}]`));
    const vector = tensor.shape.length > 0 && tensor.data.length === tensor.shape.at(-1) && tensor.data.length <= BARS && output.dtype !== "bool";
    if (vector) block.append(bars(output.keys, nested(tensor).flat(Infinity)));
    else block.append(element("p", "", JSON.stringify(nested(tensor)).slice(0, TEXT)));
    return block;
  });
}

/** @param {string[] | null} keys @param {(number | null)[]} values */
function bars(keys, values) {
  const known = values.filter((value) => value !== null);
  const shares = known.every((value) => value >= 0 && value <= 1);
  const [low, high] = shares ? [0, 1] : [Math.min(0, ...known), Math.max(...known)];
  const best = known.length > 1 ? values.indexOf(Math.max(...known)) : -1;
  const list = element("ul", "bars");
  values.forEach((value, k) => {
    const item = element("li", k === best ? "best" : "");
    const name = keys !== null && keys.length === values.length ? keys[k] : String(k);
    const figure = element("span", "figure", value === null ? "none" : value.toPrecision(4));
    figure.title = String(value);
    const track = element("div", "track");
    const fill = element("div", "fill");
    fill.style.width = `${value === null || high <= low ? 0 : (100 * (value - low)) / (high - low)}%`;
    track.setAttribute("aria-hidden", "true");
    track.append(fill);
    item.append(element("span", "class", name), figure, track);
    list.append(item);
  });
  return list;
}

/** @param {string} tag @param {string} className @param {string} [text] */
function element(tag, className, text = "") {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.textContent = text;
  return made;
}
