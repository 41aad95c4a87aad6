"""Sphinx's configuration: the Markdown of this checkout as it stands, with the navigation of docs/index.md.

Sphinx and not mkdocs, since its search is a script beside the pages and works from a file:// path; MyST-Parser reads
the Markdown as GitHub does, anchors included; furo brings its own files and asks no other host.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import navigation
from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_PROJECT = tomllib.loads((navigation.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "isoship"
release = version = _PROJECT["version"]
language = "en"
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/**.md", "findings/README.md"]
exclude_patterns = [".*", "build", "dist", "web", "examples", "tests", "**/node_modules"]
nitpicky = True
show_warning_types = True

myst_heading_anchors = 6
#: Links to these are held for their form by tests/documents/test_links.py; nothing here asks the network.
myst_url_schemes = ("http", "https", "mailto")

html_theme = "furo"
html_title = f"isoship {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_use_index = False
html_domain_indices = False
#: It would fetch each page that is found, which a browser refuses from file://.
html_show_search_summary = False
highlight_language = "text"


def _with_navigation(_app: Sphinx, name: str, source: list[str]) -> None:
    page = f"{name}.md"
    if page == navigation.INDEX or page in navigation.BELOW:
        source[0] += navigation.toctrees(page)


def _without_comments(_app: Sphinx, tree: nodes.document) -> None:
    """Notes to tests (tests/documents/pages.py) are nothing for readers, nor for the search."""
    for node in [*tree.findall(nodes.raw), *tree.findall(nodes.comment)]:
        if isinstance(node, nodes.comment) or node.astext().lstrip().startswith("<!--"):
            node.parent.remove(node)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", _with_navigation)
    app.connect("doctree-read", _without_comments)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
