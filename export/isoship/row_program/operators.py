"""Every operator that a row program may hold: what `isoship_edge.rows` implements of the browser's program, and more.

Spellings are those of `isoship.tfjs.program_ops`.

`isoship.Trees` has the inputs features [1, F], then the constants of `isoship.row_program.trees.Tables`: `feature`,
`threshold`, `child` of each slot, `missing` (a bit a slot, the lowest first; "" unless attribute `nan` is "each"; else
it is "first" or "second"), `members` of all sets and `ends` of each set ("" where there is none). Attribute `roots`:
the first so many slots are the trees' roots. The output [1, T] holds the weight of each tree's leaf.
"""

from __future__ import annotations

import numpy as np

from isoship.tfjs.canonical import Graph, Node
from isoship.tfjs.program_ops import NUMBERS, PROGRAM_OPS, REALS, ProgramOp
from isoship_edge.rows.operators import MODULES

TREES = "isoship.Trees"

ROW_OPS: dict[str, ProgramOp] = {
    **{name: op for name, op in PROGRAM_OPS.items() if name in MODULES},
    "TopK": ProgramOp(
        NUMBERS, ("axis", "largest", "sorted"), note="inputs x, k [1]; two outputs; of equals the earlier"
    ),
    TREES: ProgramOp(REALS, ("roots", "nan")),
}

#: Functions of the C library: their last bits differ between platforms, where sums and products have the same ones.
LIBM = frozenset({
    "Cos", "Exp", "Log", "LogSoftmax", "Pow", "ReduceLogSumExp", "Sigmoid", "Sin", "Softmax", "Softplus", "Tanh",
})  # fmt: skip


def is_libm(node: Node, graph: Graph) -> bool:
    """Whether a node's last bits hang on the platform. Squares and cubes are products."""
    if node.op == "Pow":
        exponent = graph.constant(node.inputs[1])
        return exponent is None or not bool(np.isin(exponent, (2, 3)).all())
    return node.op in LIBM
