"""A bundle on disk: what it holds, how large each part is, what becomes public."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isoship.bundle.aws_lambda.image import package_of
from isoship.bundle.wording import in_short
from isoship.errors import BundleError
from isoship_edge.encoding.documents import of_type, parsed
from isoship_edge.manifest import Manifest, read_manifest, signature_to_json

TARGETS = ("lambda", "edge", "web")


@dataclass(frozen=True)
class Bundle:
    """A bundle folder and its manifest."""

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: str | Path) -> Bundle:
        """Reads the bundle at `path`.

        Raises:
            BundleError: no bundle, a damaged one, or one of a newer format.
        """
        path = Path(path)
        if path.is_file():
            raise BundleError(f"{path} is a file. Give the folder that `isoship export` wrote")
        manifest = read_manifest(path)
        if not (path / "model.onnx").is_file():
            raise BundleError(f"{path} has a manifest and no model.onnx: export again, or give the whole bundle folder")
        return cls(path, manifest)

    @property
    def targets(self) -> tuple[str, ...]:
        """Those that were exported; a folder that has gone since is for `check` to find."""
        exported = self.manifest.provenance.get("targets")
        if exported is None:
            return tuple(t for t in TARGETS if (self.path / t).is_dir())
        return tuple(t for t in TARGETS if t in exported.split(","))

    def sizes(self) -> dict[str, int]:
        """Bytes of model.onnx, of each target's folder and of lambda.zip."""
        sizes = {"model.onnx": (self.path / "model.onnx").stat().st_size}
        for target in self.targets:
            sizes[f"{target}/"] = sum(f.stat().st_size for f in (self.path / target).rglob("*") if f.is_file())
        if (self.path / "lambda.zip").is_file():
            sizes["lambda.zip"] = (self.path / "lambda.zip").stat().st_size
        return sizes

    def bytecode(self) -> str | None:
        """The Python minor version of the Lambda folder's bytecode ("3.13"), "none", or None without that target."""
        if "lambda" not in self.targets:
            return None
        tags = {p.name.split(".")[-2] for p in (self.path / "lambda").rglob("*.pyc")}
        versions = sorted(f"{t[8:9]}.{t[9:]}" for t in tags if t.startswith("cpython-3"))
        return ", ".join(versions) or "none"

    def row_program(self) -> str | None:
        """What single rows are answered with where there is no ONNX Runtime: the outputs of which the last bits hang on
        the platform, or why there is none; None of older bundles and of tensors."""
        facts = self.manifest.row_program
        if facts is None:
            return None
        if facts.lacks is not None:
            return f"none: {facts.lacks}"
        if not facts.libm:
            return "the same bits on every platform"
        return f"the same bits on every platform but for the last ones of {', '.join(facts.libm)}"

    def lambda_package(self) -> str | None:
        """What template.yaml deploys, "zip" or "image" (a container image); None without that target."""
        return package_of(self.path) if "lambda" in self.targets else None

    def verdict(self) -> dict[str, Any] | None:
        """The document of the last check (parity.json), or None."""
        try:
            document = parsed((self.path / "parity.json").read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as err:
            raise BundleError(f"{self.path / 'parity.json'} is not JSON: {err}. Run `isoship check` again") from err
        return document if isinstance(document, dict) else None

    def public(self) -> list[str]:
        """What web/ tells everyone who opens it, a line each."""
        if "web" not in self.targets:
            return []
        m = self.manifest
        tensors = m.signature.layout == "tensors"
        count, what = (len(m.signature.inputs), "input") if tensors else (len(m.signature.columns), "column")
        lines = [f"names and types of {count} {what}{'' if tensors and count == 1 else 's'}"]
        golden, own = ("calls", "CALLS") if tensors else ("rows", "ROWS")
        path = self.path / "web" / "program.json"
        try:
            form = of_type(list, parsed(path.read_bytes()).get("form", []), "form")
            known = sorted(str(s["column"]) for s in form if s.get("kind") == "choice")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
            raise BundleError(f"{path} is missing or damaged: {type(err).__name__}: {err}. Export again") from err
        if known:
            lines.append(f"fitted categories of {', '.join(known)}")
        classes = next((o.classes for o in m.outputs if o.classes), None)
        if classes:
            lines.append(f"class names: {', '.join(map(str, classes[:12]))}{' ...' if len(classes) > 12 else ''}")
        lines.append("the model itself: weights, thresholds, fitted statistics")
        if held := m.provenance.get("training_rows"):
            lines.append(f"TRAINING ROWS (or their words), which {held} keeps and the graph holds")
        if m.provenance.get("golden") == "sample":
            lines.append(f"{own} OF THE SAMPLE, as golden {golden}, and the model's answers to them (--golden sample)")
        else:
            lines.append(f"synthetic golden {golden} and the model's answers to them; no {golden[:-1]} of the sample")
        return lines

    def describe(self) -> dict[str, Any]:
        """Everything `isoship inspect --json` prints."""
        m = self.manifest
        return {
            "name": m.name,
            "version": m.version,
            "digest": m.digest,
            "signature": signature_to_json(m.signature),
            "outputs": [o._asdict() for o in m.outputs],
            "encoder": "required" if m.encoder_required else "none",
            "row_program": self.row_program(),
            "targets": list(self.targets),
            "sizes": self.sizes(),
            "bytecode": self.bytecode(),
            "lambda_package": self.lambda_package(),
            "public": self.public(),
            "provenance": m.provenance,
            "training_rows": [name for name in m.provenance.get("training_rows", "").split(", ") if name],
            "verdict": in_short(self.verdict()),
        }

    def _repr_html_(self) -> str:
        """The bundle in a notebook."""
        from isoship.bundle.in_notebooks import bundle_html

        return bundle_html(self)


def package_folder(package: str) -> Path:
    """Where an installed package's files are, without importing it.

    Raises:
        BundleError: the package is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise BundleError(f"the package {package} is not installed: reinstall isoship")
    return Path(spec.origin).parent
