/**
 * Where the files of this bundle lie, for bundlers: `isoship export` fills it in, one literal `new URL` a file, which
 * Vite, webpack and Parcel follow and whose file they carry along. Each is a getter, since a bundle in a format without
 * `import.meta.url` has none: `baseUrl` says there where the files are. Without one a file is looked for in `folder()`.
 *
 * @type {Record<string, URL>}
 */
export const PLACES = {};

/** The bundle's folder, as long as no bundler has taken it apart. @returns {URL} */
export const folder = () => new URL(".", import.meta.url);
