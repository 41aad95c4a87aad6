"""Canonical ONNX to the web form: `to_tfjs` writes a TF.js graph model and the JavaScript program around it."""

from __future__ import annotations

from isoship.tfjs.webform import WebForm, to_tfjs

__all__ = ["WebForm", "to_tfjs"]
