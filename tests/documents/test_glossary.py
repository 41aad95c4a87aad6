"""Each word of docs/glossary.md stands in the code that it says, and the page can be found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import ROOT

PAGE = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ENTRIES = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if line.startswith("| ")][1:]


def place(name: str) -> Path:
    """A file or folder, named from the root or as Python imports it."""
    return next(
        (path for room in ("", "export", "edge", "lambda") if (path := ROOT / room / name).exists()), ROOT / name
    )


def words(folder: Path) -> str:
    """The code, names of files included, as words with single spaces: HalvingPlan and halving_plan are two of them."""
    files = [folder] if folder.is_file() else [p for p in folder.rglob("*") if p.suffix in (".py", ".js")]
    text = "\n".join(f"{path.name}\n{path.read_text(encoding='utf-8')}" for path in files)
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower()
    return f" {' '.join(re.findall(r'[a-z0-9]+', parted))} "


def stands_in(word: str, folder: Path) -> bool:
    either = f"{word[:-1]}(y|ies)" if word.endswith("y") else f"{word}s?"
    return re.search(f" {either} ", words(folder)) is not None


@pytest.mark.parametrize(("word", "meaning", "where"), ENTRIES, ids=[entry[0] for entry in ENTRIES])
def test_a_word_stands_where_the_page_says(word: str, meaning: str, where: str) -> None:
    named = re.findall(r"`([^`]+)`", where)
    assert named
    for name in named:
        assert place(name).exists(), name
        assert stands_in(word.lower(), place(name)), f"{name} does not hold {word!r}: where has the word gone?"
    assert meaning.endswith("."), meaning
    assert re.search(rf"\b{word}", meaning, re.IGNORECASE) or word == "kind", "its own word is the subject"


def test_words_are_in_order_and_once() -> None:
    listed = [word.lower() for word, _, _ in ENTRIES]
    assert listed == sorted(set(listed))


def test_a_word_that_is_gone_is_seen() -> None:
    assert stands_in("halving plan", place("isoship/rows/halves.py"))
    assert not stands_in("parting", place("isoship/parity/verdict/first_difference.py"))
