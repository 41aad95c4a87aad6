/**
 * Where the files of this bundle lie, for bundlers: `isoship export` fills it in, one literal `new URL` a file, which
 * Vite, webpack and Parcel follow and whose file they carry along. Without one a file is looked for beside index.js.
 *
 * @type {Record<string, URL>}
 */
export const PLACES = {};
