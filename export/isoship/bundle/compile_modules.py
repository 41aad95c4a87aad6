"""Compiles modules to unchecked-hash bytecode without docstrings; run by the target's interpreter, not imported.

    python3.13 -I -S -X no_debug_ranges compile_modules.py

reads one JSON array a line from stdin: [source, place in tracebacks, target, types].

The format is PEP 552's: magic number, flags 1 (hash-based, not checked), the source's hash, the code. Docstrings are an
eighth of the bytecode's bytes in lambda.zip, and the sources beside it have them. Columns, which tracebacks mark under
a line (PEP 657), are a quarter of the rest. Assertions stay.

types: what becomes of annotations, which nothing reads where it is not "evaluated": "deferred" keeps their text
(PEP 563), "none" leaves out those of typed dictionaries.
"""

from __future__ import annotations
import __future__

import ast
import importlib.util
import json
import marshal
import sys
from pathlib import Path

#: How the interpreter that compiles is started.
OPTIONS = ("-X", "no_debug_ranges")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def bytecode(source: bytes, shown: str, types: str = "evaluated") -> bytes:
    """The contents of a `.pyc` file.

    Raises:
        SyntaxError: the source is no Python.
    """
    tree = ast.parse(source, shown)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.decorator_list:
            # `dataclass` writes the signature into a class that has none, at half a millisecond each.
            if ast.get_docstring(node, clean=False) is None and any(map(_is_dataclass, node.decorator_list)):
                node.body.insert(0, ast.copy_location(ast.Expr(ast.Constant(node.name)), node.body[0]))
            continue
        if types == "none" and isinstance(node, ast.ClassDef) and any(_is_name(b, "TypedDict") for b in node.bases):
            node.body = [ast.copy_location(ast.Pass(), node.body[0])]
        # Again and again: without the first one, a string that follows it would be taken for the docstring.
        while isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            alone = len(node.body) == 1 and not isinstance(node, ast.Module)
            node.body[:1] = [ast.copy_location(ast.Pass(), node.body[0])] if alone else []
    flags = __future__.annotations.compiler_flag if types == "deferred" else 0
    code = compile(ast.fix_missing_locations(tree), shown, "exec", flags, dont_inherit=True, optimize=0)
    head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + importlib.util.source_hash(source)
    return head + marshal.dumps(code)


def _is_dataclass(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return _is_name(called, "dataclass")


def _is_name(node: ast.expr, name: str) -> bool:
    return (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Attribute) and node.attr == name)


if __name__ == "__main__":
    for line in sys.stdin:
        source, shown, target, types = json.loads(line)
        try:
            made = bytecode(Path(source).read_bytes(), shown, types)
        except (SyntaxError, ValueError) as err:
            sys.exit(f"{shown}: {err}")
        Path(target).parent.mkdir(exist_ok=True)
        Path(target).write_bytes(made)
