// What computes a page's graphics, in the browser's own words.

/** @param {string} backend of TF.js @returns {Promise<Record<string, string>>} empty where no graphics are in play */
export async function adapterOf(backend) {
  const name = backend === "webgl" ? ofWebGl() : backend === "webgpu" ? await ofWebGpu() : "";
  return name ? { adapter: name } : {};
}

function ofWebGl() {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  const info = gl?.getExtension("WEBGL_debug_renderer_info");
  return gl && info ? String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)) : "";
}

async function ofWebGpu() {
  const info = (await /** @type {any} */ (navigator).gpu?.requestAdapter())?.info;
  return info ? [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(" ") : "";
}
