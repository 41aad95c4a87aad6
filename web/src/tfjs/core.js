/**
 * The part of TF.js that every bundle may need: core, converter, cpu backend. One lazy chunk of the build.
 */

import { env } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { registerGather } from "./gather.js";

export {
  backend, env, findBackendFactory, getBackend, ready, registerBackend, removeBackend, setBackend, tensor,
  version_core as version,
} from "@tensorflow/tfjs-core";
export { loadGraphModel } from "@tensorflow/tfjs-converter";

// The platform is chosen by now; all that still asks is the cpu backend, which would advertise tfjs-node on stderr.
env().set("IS_NODE", false);
registerGather("cpu");
