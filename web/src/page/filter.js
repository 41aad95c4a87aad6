/**
 * The filter above a long form: fields whose name holds what is typed, in groups that are open for it.
 */

import { byId } from "./dom.js";

/** @param {import("./form.js").Control[]} controls */
export function setUpFilter(controls) {
  const input = /** @type {HTMLInputElement} */ (byId("filter"));
  const groups = /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("#fields details.group"));
  byId("filter-row").hidden = false;
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let found = 0;
    for (const { column, element } of controls) {
      element.hidden = !column.name.toLowerCase().includes(wanted);
      if (!element.hidden) found++;
    }
    groups.forEach((group, i) => {
      group.hidden = group.querySelector(".field:not([hidden])") === null;
      group.open = wanted === "" ? i === 0 : !group.hidden;
    });
    byId("filter-found").textContent = wanted === "" ? "" : `${found} of ${controls.length}`;
  });
}
