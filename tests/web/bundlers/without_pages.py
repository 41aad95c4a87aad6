"""The npm package where there is no page: Node, Deno, Bun, jsdom, servers that render pages; and what checks packages.

Outside `make test`, since it installs them from npm's registry: `make test-all GROUP=bundlers`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from applications import NAME, Packed, assert_answers, assert_no_path_of, program, project, run

RUNTIMES = {
    "node": ([], ["node", "everywhere.mjs"]),
    "deno": (["deno@2.9.6"], ["npx", "deno", "run", "--allow-read", "--allow-env", "everywhere.mjs"]),
    # The package `bun` is a script that fetches this one.
    "bun": (["@oven/bun-linux-x64@1.4.5"], ["node_modules/@oven/bun-linux-x64/bin/bun", "everywhere.mjs"]),
}
#: The oldest that the types are read by, and the newest.
TYPESCRIPTS = ["typescript@5.0.4", "typescript@7.0.2"]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_it_answers_without_a_page(runtime: str, packed: Packed, tmp_path: Path) -> None:
    packages, command = RUNTIMES[runtime]
    folder = project(tmp_path / "app", packed, *packages, files=("everywhere.mjs",))
    said = json.loads(run(command, folder))
    assert_answers(said["answers"], packed)
    if runtime == "node":
        assert said["worker"].startswith("IsoshipError: there is no Worker here")
    else:
        assert said["worker"] == "InputError"
        assert "worker" in said["answers"]


def test_among_the_globals_of_jsdom_it_answers_or_says_why_not(packed: Packed, tmp_path: Path) -> None:
    folder = project(tmp_path / "app", packed, "jsdom@26.1.0", files=("in_jsdom.mjs",))
    for arguments in ([], ["without fetch"]):
        said = json.loads(run(["node", "in_jsdom.mjs", *arguments], folder).splitlines()[-1])  # TF.js talks, too
        assert_answers(said["answers"], packed)
        kinds = {what: refusal[0] for what, refusal in said["refused"].items()}
        assert kinds == {"webgl": "BackendError", "elsewhere": "BundleError", "worker": "IsoshipError"}


def rendered(folder: Path, module: str, packed: Packed, **options: Any) -> Any:
    """What a server's bundle answers, or the error's name."""
    program(
        folder,
        f'import {{ readFile }} from "node:fs/promises";\nconst {{ render }} = await import("./{module}");\n'
        'const rows = JSON.parse(await readFile("rows.json", "utf8"));\n'
        f"const said = await render(rows, {json.dumps(options)}).catch((err) => err.name);\n"
        "console.log(JSON.stringify(said));\n",
        "serve.mjs",
    )
    return json.loads(run(["node", "serve.mjs"], folder))


def test_pages_that_a_server_renders(packed: Packed, tmp_path: Path) -> None:
    """As it is imported, in Vite's bundle of the server's side, and taken into bundles, which then name the folder."""
    packages = ("vite@8.4.0", "esbuild@0.28.2")
    folder = project(tmp_path / "app", packed, *packages, files=("on_a_server.js",))
    base = (folder / "node_modules" / NAME).as_uri()
    run(["npx", "vite", "build", "--ssr", "on_a_server.js", "--outDir", "outside"], folder)
    program(folder, f'export default {{ ssr: {{ noExternal: ["{NAME}"] }} }};\n', "vite.config.js")
    run(["npx", "vite", "build", "--ssr", "on_a_server.js", "--outDir", "inside"], folder)
    for name, form in (("server.cjs", "cjs"), ("server.mjs", "esm")):
        bundling = ["npx", "esbuild", "on_a_server.js", "--bundle", "--platform=node", "--log-level=error"]
        run([*bundling, f"--format={form}", f"--outfile={form}/{name}"], folder)
    inside = ("inside/on_a_server.js", "cjs/server.cjs", "esm/server.mjs")
    for module in ("on_a_server.js", "outside/on_a_server.js", *inside):
        for backend in ("auto", "cpu", "wasm"):
            said = rendered(folder, module, packed, backend=backend, **({"baseUrl": base} if module in inside else {}))
            assert said["backend"] == {"auto": "javascript"}.get(backend, backend)
            assert_answers({"rows" if backend == "auto" else backend: said["answer"]}, packed)
    for module in inside:
        assert rendered(folder, module, packed) == "BundleError", "a folder that stays behind is named, not guessed"
        assert_no_path_of(folder, folder / Path(module).parent)


def test_publint_and_are_the_types_wrong_find_nothing(packed: Packed, tmp_path: Path) -> None:
    """The package is of ES modules alone, as it says; attw's other two ways of resolving are of CommonJS."""
    folder = project(tmp_path / "app", packed, "publint@0.3.25", "@arethetypeswrong/cli@0.18.5")
    assert "All good!" in run(["npx", "publint", "--strict", str(packed.web)], folder, NO_COLOR="1")
    found = json.loads(run(["npx", "attw", str(packed.archive), "--profile", "esm-only", "--format", "json"], folder))
    problems = [p for each in found["problems"].values() for p in each] if found.get("problems") else []
    ignored = {"CJSResolvesToESM"}
    assert [p for p in problems if p["kind"] not in ignored] == []


@pytest.mark.parametrize("typescript", TYPESCRIPTS)
def test_types_are_read_by_old_and_new_compilers(typescript: str, packed: Packed, tmp_path: Path) -> None:
    folder = project(tmp_path / "app", packed, typescript)
    row = '{ age: 30, city: "Oslo" }'
    good = [
        f"await (await load()).predict([{row}] as const);",
        "await (await slim()).predict([]);",
        "void manifest.name;",
    ]
    bad = [row.replace("age", "agee"), row.replace("Oslo", "Paris"), row.replace("30", '"30"'), "{ age: 30 }"]
    lines = [f"// @ts-expect-error\nawait (await load()).predict([{each}]);" for each in bad]
    head = (
        f'import {{ load }} from "{NAME}";\nimport {{ load as slim }} from "{NAME}/slim";\nimport "{NAME}/worker";\n'
        f'import manifest from "{NAME}/manifest.json";\n'
    )
    program(folder, head + "\n".join([*good, "void manifest.name;", *lines]) + "\n", "main.ts")
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    run(["npx", "tsc", *options, "--resolveJsonModule", "--lib", "es2022,dom", "main.ts"], folder)
