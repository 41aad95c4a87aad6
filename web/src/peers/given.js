/**
 * Whose TF.js computes: the caller's, or nobody's, and then the bundle's own. In ./slim the application's stands here
 * (tfjs.js).
 */

/** @param {any} tf what `load` was given @returns {Promise<any>} */
export async function givenTf(tf) {
  return tf;
}
