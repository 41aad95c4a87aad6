"""Every code block and command of the documents, and of a bundle's own, runs here, or a comment says why it does not.

What such a comment looks like stands in pages.py, and what needs none in following.py. The pages of docs/start
have a test of their own, test_tutorial.py.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from following import follow, try_command
from pages import Page, pages, read_page
from prepared import Prepared

DOCUMENTS = pages()
#: A bundle's own documents, by target.
OWN = {"edge": "edge/README.md", "web": "web/README.md"}
BLOCKS = [
    (page, block) for page in DOCUMENTS.values() for block in page.blocks if not page.name.startswith("docs/start/")
]
INLINE = sorted({(page.name, command) for page in DOCUMENTS.values() for _, command in page.inline})


def test_readmes_first_commands_export_and_check(first: str) -> None:
    assert re.search(
        r"runtimes asked agree with the reference on \d[\d,]+( to \d[\d,]+)? rows.*\(evidence: source\)", first
    )


@pytest.mark.parametrize(
    ("page", "block"), BLOCKS[1:], ids=lambda v: f"{v.page}:{v.line}" if hasattr(v, "page") else ""
)
def test_a_block_runs_or_says_why_not(
    page: Page, block: object, prepared: Prepared, bundle: Path, tmp_path: Path
) -> None:
    folder = prepared.folder
    if page.name != "README.md":  # whose blocks follow one another
        folder = tmp_path
        for name in ("model.joblib", "rows.parquet", "rows.csv", "examples", "bundle"):
            (folder / name).symlink_to(prepared.folder / name)
        if "isoship export" in block.text:
            (folder / "bundle").unlink()
    follow(block, page, prepared, folder)


@pytest.mark.parametrize("target", OWN)
def test_a_bundles_own_document(target: str, prepared: Prepared, bundle: Path, tmp_path: Path) -> None:
    """Followed where it lies: in its own folder, which is all that its reader has."""
    folder = Path(shutil.copytree(bundle / target, tmp_path / target))
    shutil.copyfile(prepared.folder / "rows.csv", folder / "rows.csv")
    page = read_page(OWN[target], (folder / "README.md").read_text(encoding="utf-8"))
    assert page.blocks
    for _, command in page.inline:
        try_command(command, page, prepared, folder)
    for block in page.blocks:
        follow(block, page, prepared, folder)


def test_a_bundle_has_no_other_document(bundle: Path) -> None:
    found = {str(path.relative_to(bundle)) for path in bundle.rglob("*.md") if "licenses" not in path.parts}
    assert found == set(OWN.values())


@pytest.mark.parametrize(("name", "command"), INLINE)
def test_a_command_in_running_text(name: str, command: str, prepared: Prepared, bundle: Path) -> None:
    try_command(command, DOCUMENTS[name], prepared, prepared.folder)


def test_no_note_speaks_of_what_is_gone() -> None:
    typed = {name: {line for block in page.blocks for line in block.lines} for name, page in DOCUMENTS.items()}
    for name, command in INLINE:
        typed[name].add(command)
    examples = {command for name, commands in typed.items() if name.startswith("examples/") for command in commands}
    for name, page in DOCUMENTS.items():
        for note in () if name.startswith("examples/") else page.notes:
            commands = typed[name] | examples
            assert not note.command or any(command.startswith(note.command) for command in commands), (name, note)


@pytest.mark.parametrize(
    "text",
    [
        "```\nls\n```\n",
        "    isoship check nowhere\n",
        "```sh\nisoship check nowhere\n```\n",
        "- a list\n\n  ```js\n  import './nowhere.js'\n  ```\n",
        "```python\n1 / 0\n```\n",
        "<!-- not run: no -->\n```text\nwithout a reason\n```\n",
        "<!-- run by NOTICE: sam deploy -->\n```text\nsam deploy\n```\n",
        "<!-- run by Makefile: bench-web -->\n\n```sh\nsam deploy\n```\n",
    ],
)  # fmt: skip
def test_a_new_block_with_neither_fails(text: str, prepared: Prepared, bundle: Path) -> None:
    page = read_page("new.md", text)
    with pytest.raises(AssertionError):
        follow(page.blocks[0], page, prepared, prepared.folder)


@pytest.mark.parametrize(
    "text", ["Do `sam deploy --guided`.", "`isoship check nowhere` and", "`isoship train` or", "| `make nothing` |"]
)
def test_a_new_command_with_neither_fails(text: str, prepared: Prepared, bundle: Path) -> None:
    page = read_page("new.md", f"<!-- run by NOTICE: `sam deploy` -->\n{text}\n")
    ((_, command),) = page.inline
    with pytest.raises(AssertionError):
        try_command(command, page, prepared, prepared.folder)
