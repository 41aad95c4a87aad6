/** Every file of this runtime that a page may ask for, TF.js left out; the build fills it in (build.mjs). @type {string[]} */
export const FILES = [];
