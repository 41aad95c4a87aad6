"""The Lambda target: a closed directory, its deterministic zip or the image made of it, and the template that deploys.

lambda/
  isoship_edge/  isoship_lambda/      what answers; in isoship_lambda/modules.cpython-313 all modules' bytecode
  fastapi/ starlette/ pydantic/ ...   imported for everything but POST /predict
  lib/<arch>/libonnxruntime.so.*      ONNX Runtime's C library, without its Python binding
  licenses/                           of everything that came in a wheel
  manifest.json  model.onnx  golden.json
lambda.zip  template.yaml  samconfig.toml     beside it; above 250 MB a Dockerfile in place of lambda.zip
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from isoship.bundle.aws_lambda.gathered import gather
from isoship.bundle.aws_lambda.image import MAX_UNZIPPED, Image, chosen_package, write_image
from isoship.bundle.aws_lambda.package_switch import said_of_switch
from isoship.bundle.aws_lambda.sam import write_samconfig, write_template
from isoship.bundle.bytecode import compiled_modules
from isoship.bundle.deterministic_zip import write_zip
from isoship.bundle.interpreters import find_interpreter
from isoship.bundle.runtime_files import copy_model, copy_packages, folder_bytes
from isoship.bundle.target import Target, check_architecture, running_target
from isoship.bundle.wheels.contents import wheel_members
from isoship.bundle.wheels.fetch import (
    Progress,
    WheelsUnavailable,
    cache_folder,
    fetch_library_wheel,
    fetch_wheels,
    read_pins,
)
from isoship.bundle.wheels.left_out import left_out
from isoship.bundle.wheels.native import onnxruntime_pin, write_library
from isoship.errors import BundleError
from isoship_edge.manifest import read_manifest

_LICENCE = re.compile(r"[^/]+\.dist-info/(?:licenses/|license_files/)?((?:LICEN[CS]E|COPYING|NOTICE)[^/]*)")
#: opentelemetry finds its own context implementation through its entry points.
_METADATA = re.compile(r"opentelemetry_api-[^/]+\.dist-info/(METADATA|entry_points\.txt)")


@dataclass(frozen=True)
class LambdaBuild:
    """What was written: lambda.zip, or what a container image is built of.

    bytecode: the Python minor version of the `.pyc` files, or "none". zip, zipped: None where `image` is not.
    """

    folder: Path
    zip: Path | None
    target: Target
    unzipped: int
    zipped: int | None
    bytecode: str
    image: Image | None = None


def write_lambda(
    folder: Path,
    bundle_root: Path,
    *,
    python: str = "3.13",
    arch: str = "x86_64",
    package: str = "auto",
    native: bool = True,
    offline: bool = False,
    progress: Progress | None = None,
    kept: Path | None = None,
) -> LambdaBuild:
    """Writes `folder` (bundle_root/lambda), and beside it lambda.zip (or Dockerfile), template.yaml and samconfig.toml.

    python, arch: the Lambda runtime ("3.12" to "3.14"; "x86_64", "arm64").
    native: with ONNX Runtime's library.
    package: "zip", "image", or "auto" for the image of what no zip can hold.
    kept: the bundle that this one replaces; its samconfig.toml stays.

    Raises:
        WheelsUnavailable: wheels are missing and cannot (or, `offline`, may not) be fetched.
        BundleError: a wheel is damaged, a library is of another architecture, or Lambda's limit is exceeded.
    """
    say = progress or (lambda _message: None)
    target = Target(python, arch)
    folder.mkdir(parents=True)
    write_third_party(folder, target, native=native, offline=offline, progress=say)
    copy_packages(folder, ("isoship_edge", "isoship_lambda"))
    copy_model(folder, bundle_root)
    check_architecture(folder, target.arch)

    modules = compiled_modules(folder, python, cache_folder() / "bytecode")
    gather(folder, python, modules or {})
    bytecode = "none" if modules is None else python
    if modules is None:
        say(
            f"no Python {python} here, so lambda/ ships without bytecode: cold starts take longer."
            f" `uv python install {python}` (or pyenv) and export again mends it"
        )
    unzipped = folder_bytes(folder)
    size = f"lambda/ for {target}: {unzipped / 1e6:.1f} MB unzipped"
    archive, zipped, image = None, None, None
    if chosen_package(package, unzipped, most=MAX_UNZIPPED) == "image":
        image = write_image(bundle_root, folder, target)
        size += ", a container image: `sam build` (which needs Docker), then `sam deploy`"
    else:
        archive = folder.with_name(folder.name + ".zip")
        zipped = write_zip(folder, archive, cache_folder() / "deflated")
        size += f", lambda.zip {zipped / 1e6:.1f} MB"
    write_template(bundle_root, target, image, kept=kept, progress=progress)
    name = read_manifest(bundle_root).name
    write_samconfig(bundle_root, name=name, target=target, image=image, kept=kept, progress=say)
    if switch := said_of_switch(kept, bundle_root, image=image is not None):
        say(switch)
    fetch_for_check(target, offline=offline, progress=say)
    say(f"{size}, bytecode {bytecode}")
    return LambdaBuild(folder, archive, target, unzipped, zipped, bytecode, image)


def write_third_party(
    folder: Path, target: Target, *, native: bool = True, offline: bool = False, progress: Progress | None = None
) -> None:
    """Unpacks what is used of every pinned wheel, and its licences, into `folder`."""
    library = onnxruntime_pin()
    pins = [pin for pin in read_pins() if pin != library]
    wheels = fetch_wheels(pins, target, offline=offline, progress=progress)
    if native:
        write_library(folder, target.arch, python=target.python, offline=offline, progress=progress)
    for name, wheel in wheels.items():
        for member, data in wheel_members(wheel, _used):
            licence = _LICENCE.fullmatch(member)
            path = folder / "licenses" / name / licence[1] if licence else folder / member
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            path.chmod(0o755 if path.suffix == ".so" else 0o644)


def check_target(target: Target) -> Target | None:
    """What a lambda folder is run as on this machine: its own Python where that is found, else the running one.

    None where Linux wheels do not run.
    """
    running = running_target()
    if running is None:
        return None
    return Target(target.python, running.arch) if find_interpreter(target.python) else running


def fetch_for_check(target: Target, *, offline: bool, progress: Progress | None = None) -> None:
    """Brings into the cache what the parity check needs beside the folder: the runtime client that Lambda itself
    brings and, where the folder cannot run here as it is, the wheels to rebuild it from. The check then needs no
    network. Offline, what is missing is left to the check, which names it."""
    here = check_target(target)
    if here is None or offline:
        return
    try:
        rebuild = [pin for pin in read_pins() if pin != onnxruntime_pin()] if here != target else []
        fetch_wheels([*read_pins("pins_runtime_client.txt"), *rebuild], here, progress=progress)
        if here.arch != target.arch:
            fetch_library_wheel(onnxruntime_pin(), here.arch, python=here.python, progress=progress)
    except WheelsUnavailable as err:
        (progress or (lambda _message: None))(f"the check of lambda/ will not run here: {err}")


def _used(member: str) -> bool:
    if ".dist-info/" in member:
        return bool(_LICENCE.fullmatch(member) or _METADATA.fullmatch(member))
    if ".data/" in member:
        raise BundleError(f"the wheel member {member} belongs outside the package folder; pin another version")
    return not left_out(member)
