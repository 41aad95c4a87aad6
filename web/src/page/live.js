/**
 * Work that follows edits: one at a time, and once more where an edit came meanwhile. The last edit is always the last to
 * be worked on, and none of those in between holds it up.
 *
 * @param {(newer: () => boolean) => Promise<void>} work `newer` tells whether there was an edit since the work began
 * @returns {() => Promise<void>} asks for the work; settles when nothing is left to do
 */
export function oneAtATime(work) {
  let due = false;
  /** @type {Promise<void> | null} */
  let running = null;
  const run = async () => {
    try {
      while (due) {
        due = false;
        await work(() => due);
      }
    } finally {
      running = null;
    }
  };
  return () => {
    due = true;
    running ??= run();
    return running;
  };
}
