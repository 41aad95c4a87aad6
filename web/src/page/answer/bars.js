/**
 * Probabilities as bars, the largest first: ten of them, the others behind one click.
 */

import { make, option } from "../dom.js";
import { percent, words } from "./figures.js";

/** Classes that need neither a choice of order nor a place to put them away. */
const FEW = 12;
const SHOWN = 10;
/** A name of more characters is cut, and shown whole to whoever points at it. */
const LONG = 40;

/**
 * @param {string[]} names of classes, in the model's order
 * @returns {{element: HTMLElement, show: (figures: Record<string, number | null>) => void}}
 */
export function probabilityBars(names) {
  const element = make("div");
  const list = make("ul", "bars");
  const items = names.map((name) => itemFor(name));
  const many = names.length > FEW ? manyClasses(names.length, () => arrange()) : null;
  if (many === null) element.append(list);
  else element.append(many.order, list, many.rest);

  /** @type {(number | null)[]} */
  let figures = [];
  let stands = "";
  const arrange = () => {
    const order = names.map((_, i) => i);
    if (many === null || !many.isStable()) order.sort((a, b) => (figures[b] ?? -1) - (figures[a] ?? -1));
    if (stands === String(order)) return; // elements that stay where they are can grow and shrink
    stands = String(order);
    const elements = order.map((i) => items[i].element);
    list.replaceChildren(...(many === null ? elements : elements.slice(0, SHOWN)));
    many?.hidden.replaceChildren(...elements.slice(SHOWN));
  };
  return {
    element,
    show(answer) {
      figures = names.map((name) => answer[name]);
      items.forEach((item, i) => item.show(figures[i]));
      arrange();
    },
  };
}

/** @param {string} name */
function itemFor(name) {
  const element = make("li");
  const shown = make("span", "figure");
  const track = make("div", "track");
  const fill = make("div", "fill");
  track.setAttribute("aria-hidden", "true");
  track.append(fill);
  const named = make("span", "class", name);
  if (name.length > LONG) named.title = name;
  element.append(named, shown, track);
  return {
    element,
    /** @param {number | null} p */
    show(p) {
      shown.textContent = percent(p);
      shown.title = words(p);
      fill.style.width = `${100 * Math.min(1, Math.max(0, p ?? 0))}%`;
    },
  };
}

/** @param {number} count @param {() => void} changed */
function manyClasses(count, changed) {
  const order = make("label", "order", "Order ");
  const list = make("select");
  list.append(option("size", "largest first"), option("model", "as the model lists them"));
  list.addEventListener("change", changed);
  order.append(list);
  const rest = make("details", "rest");
  const hidden = make("ul", "bars");
  rest.append(make("summary", "", `${count - SHOWN} more`), hidden);
  return { order, rest, hidden, isStable: () => list.value === "model" };
}
