/**
 * Elements of the page. Names and values go in as text content or as properties, never as markup.
 */

/** @template {HTMLElement} T @param {string} id @returns {T} */
export function byId(id) {
  return /** @type {T} */ (document.getElementById(id));
}

/**
 * @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {string} [className] @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  if (text !== "") made.textContent = text;
  return made;
}

/** @param {string} value @param {string} words */
export function option(value, words) {
  const made = make("option", "", words);
  made.value = value;
  return made;
}

/** At most so many characters of a name: there are names of hundreds. @param {string} words @param {number} [longest] */
export function cut(words, longest = 48) {
  const points = Array.from(words);
  return points.length <= longest ? words : `${points.slice(0, longest - 1).join("")}…`;
}

/** Shows a message, or hides its place. @param {string} id @param {string | null} message */
export function tell(id, message) {
  const place = byId(id);
  // The same words again would be read out again.
  if (place.textContent !== (message ?? "")) place.textContent = message ?? "";
  place.hidden = message === null;
}

/** @param {unknown} err */
export function messageOf(err) {
  return err instanceof Error ? err.message : String(err);
}
