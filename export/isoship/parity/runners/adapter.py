"""The adapter that a browser computes graphics with: hardware, or a program on the processor."""

from __future__ import annotations

from collections.abc import Mapping

#: In the names that they go by in WebGL and WebGPU (js/adapter.mjs), and what they are called: Chromium's own, Mesa's
#: two for OpenGL and the one for Vulkan, and Windows' own.
_SOFTWARE = {
    "swiftshader": "SwiftShader",
    "llvmpipe": "llvmpipe",
    "softpipe": "softpipe",
    "lavapipe": "lavapipe",
    "microsoft basic render": "Microsoft Basic Render Driver",
}


def software_adapter(stamp: Mapping[str, str]) -> str:
    """The program that computes a runtime's graphics; empty where that is hardware, is not known, or there are none.

    stamp: what the runtime says of itself (`Runner.stamp`).
    """
    name = stamp.get("adapter", "").lower()
    return next((called for known, called in _SOFTWARE.items() if known in name), "")
