/** The sha256 of every module and binary of this runtime, which the build fills in (build.mjs). */
export const RUNTIME = "";
