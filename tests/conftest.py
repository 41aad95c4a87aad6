"""How `pytest -n` hands the tests to its workers: what is dear to make is made once, and the longest work starts first.

pytest-xdist 3.8 cannot group marked tests under pytest 9.2 (its `--dist loadgroup` writes an attribute that is gone).
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

#: One export, or one browser, serves all the tests of these.
SHARED = {
    **{f"tests/end_to_end/test_{name}.py": "tests/end_to_end/test_demo.py" for name in ("browser", "interrupted")},
    "tests/documents/test_sketches.py": "tests/documents/test_every_command.py",
    "tests/documents/test_registries.py": "tests/documents/test_every_command.py",
}
#: These take longest, a test at a time, and share nothing.
LONGEST = ("tests/pipelines/test_random_pipelines.py",)
#: Handed out next, the longest first.
LONG = (
    "tests/end_to_end/",
    "tests/documents/",
    "tests/pipelines/",
    "tests/parity/",
    "tests/rows/",
    "tests/regressions/",
    "tests/lambda/",
)


class ByFile(LoadScopeScheduling):
    """A file to a worker; a test to a worker in the longest."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return nodeid if path in LONGEST else SHARED.get(path, path)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = (*LONGEST, *LONG)
    items.sort(key=lambda item: next((i for i, start in enumerate(order) if item.nodeid.startswith(start)), len(order)))
