/**
 * TF.js's webgl backend, a lazy chunk of the build.
 */

import "@tensorflow/tfjs-backend-webgl";
