"""Compiles modules to unchecked-hash bytecode without docstrings; run by the target's interpreter, not imported.

    python3.13 -I -S compile_modules.py     one JSON array a line on stdin: [source, place in tracebacks, target]

The format is PEP 552's: magic number, flags 1 (hash-based, not checked), the source's hash, the code. Docstrings are an
eighth of the bytecode's bytes in lambda.zip, and the sources beside it have them; assertions stay.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import marshal
import sys
from pathlib import Path

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def bytecode(source: bytes, shown: str) -> bytes:
    """The contents of a `.pyc` file.

    Raises:
        SyntaxError: the source is no Python.
    """
    tree = ast.parse(source, shown)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.decorator_list:
            continue  # `dataclass` writes a signature for a class without one, which costs more than it saves
        # Again and again: without the first one, a string that follows it would be taken for the docstring.
        while isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            alone = len(node.body) == 1 and not isinstance(node, ast.Module)
            node.body[:1] = [ast.copy_location(ast.Pass(), node.body[0])] if alone else []
    code = compile(tree, shown, "exec", dont_inherit=True, optimize=0)
    head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + importlib.util.source_hash(source)
    return head + marshal.dumps(code)


if __name__ == "__main__":
    for line in sys.stdin:
        source, shown, target = json.loads(line)
        try:
            made = bytecode(Path(source).read_bytes(), shown)
        except (SyntaxError, ValueError) as err:
            sys.exit(f"{shown}: {err}")
        Path(target).parent.mkdir(exist_ok=True)
        Path(target).write_bytes(made)
