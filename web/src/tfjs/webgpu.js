/**
 * TF.js's webgpu backend, a lazy chunk of the build.
 */

import "@tensorflow/tfjs-backend-webgpu";
