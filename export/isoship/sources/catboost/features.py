"""What CatBoost's trees look at, side by side in float32: numbers, codes of one-hot categories, values of CTRs.

numbers    [N, F]  -> Cast float
categories [N, 1]  -> codes (`categories.py`) -> Cast float
CTRs               -> row of the combination -> Gather (table of float32) [N, K]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isoship.sources.catboost.categories import Column, cells_of, mark_one_hot, open_column, write_cells, write_codes
from isoship.sources.catboost.ctr import TYPES, Ctr, Projection, ctrs_of
from isoship.sources.catboost.document import Document
from isoship.sources.catboost.examples import column_of
from isoship.sources.catboost.hashes import signed
from isoship.sources.catboost.trees import Splits, splits_in
from isoship.sources.sklearn.walk.carrier import Carrier
from isoship.sources.sklearn.walk.frame import Block, Frame, matrix, split

#: CTRs that only a GPU can train, whose arithmetic could not be compared.
_UNPROVEN = ("FloatTargetMeanValue",)


class Features:
    """The features of one estimator, under construction.

    Raises:
        UnsupportedModelError: a column has the wrong type, or the sample does not cover its categories.
    """

    def __init__(self, c: Carrier, model: Any, frame: Frame, document: Document) -> None:
        self._c, self._model = c, model
        self._columns = split(c.g, frame)
        info = document["features_info"]
        self._floats = info.get("float_features", ())
        self._categories = {int(each["feature_index"]): each for each in info.get("categorical_features", ())}
        self._missing_right = tuple(each["nan_value_treatment"] == "AsTrue" for each in self._floats)
        self._ctrs = _checked(c, model, ctrs_of(document) if info.get("ctrs") else [])
        self._document = document
        self._opened: dict[int, Column] = {}
        self._codes: dict[int, str] = {}
        self._numbers = self._write_numbers()

    def write(self) -> tuple[str, Splits]:
        """Adds everything: the tree features, float [N, K], and how splits name them."""
        wanted: dict[int, list[int]] = {}
        for each in splits_in(self._document):
            if each["split_type"] == "OneHotFeature":
                wanted.setdefault(int(each["cat_feature_index"]), []).append(signed(int(each["value"])))
        for category, hashes in wanted.items():
            mark_one_hot(self._c, self._model, self._column(category), hashes)
        groups: dict[Projection, list[int]] = {}
        for i, ctr in enumerate(self._ctrs):
            groups.setdefault(ctr.projection, []).append(i)
        cells = {}
        for projection, members in groups.items():
            for category, value in projection.exact:
                mark_one_hot(self._c, self._model, self._column(category), [value])
            columns = {i: self._column(i) for i in projection.categories}
            cells[projection] = cells_of(self._c, self._model, projection, [self._ctrs[i] for i in members], columns)
        blocks = [self._numbers] if self._numbers else []
        place = len(self._floats)
        one_hot = {}
        for category in wanted:
            blocks.append(self._c.g.cast(self._code(category), np.float32))
            one_hot[category], place = place, place + 1
        places: dict[int, int] = {}
        for projection, members in groups.items():
            blocks.append(self._write_ctrs(projection, cells[projection], [self._ctrs[i] for i in members]))
            for i in members:
                places[i], place = place, place + 1
        if not blocks:  # the trees split nothing: any column will do
            blocks.append(self._c.g.cast(self._c.g.op("Equal", *[self._columns[0].name] * 2), np.float32))
        x = self._c.g.op("Concat", *blocks, axis=1) if len(blocks) > 1 else blocks[0]
        codes = {i: column.codes() for i, column in self._opened.items()}
        return x, Splits(self._missing_right, one_hot, codes, self._numbered(places))

    def _numbered(self, places: dict[int, int]) -> dict[int, int]:
        """The splits of CTRs are numbered after those of floats and one-hot categories."""
        number = sum(len(each.get("borders") or ()) for each in self._floats)
        number += sum(len(each.get("values") or ()) for each in self._categories.values())
        numbered = {}
        for i, ctr in enumerate(self._ctrs):
            for _ in ctr.borders:
                numbered[number], number = places[i], number + 1
        return numbered

    def _write_numbers(self) -> str:
        columns: list[Block] = []
        for each in self._floats:
            block = self._columns[int(each["flat_feature_index"])]
            if block.dtype == "string":
                raise self._c.unsupported(
                    self._model,
                    f"column {self._name(each, block)} holds strings, which CatBoost would parse as numbers",
                    "Make the column numbers before training",
                )
            columns.append(block)
        return matrix(self._c.g, tuple(columns), "float").name if columns else ""

    def _column(self, category: int) -> Column:
        if category not in self._opened:
            info = self._categories[category]
            block = self._columns[int(info["flat_feature_index"])]
            if block.dtype in ("double", "float"):
                raise self._c.unsupported(
                    self._model,
                    f"the categorical column {self._name(info, block)} arrives as floating point numbers, which"
                    " CatBoost itself refuses",
                    "Pass the categories as strings or integers",
                )
            self._opened[category] = open_column(self._c, self._name(info, block), block)
        return self._opened[category]

    def _code(self, category: int) -> str:
        if category not in self._codes:
            self._codes[category] = write_codes(self._c, self._column(category))
        return self._codes[category]

    def _write_ctrs(self, projection: Projection, cells: dict[tuple[int, ...], int], ctrs: list[Ctr]) -> str:
        """The values of all CTRs of a projection, float [N, K]."""
        g = self._c.g
        bits = [self._exceeds(feature, border) for feature, border in projection.floats]
        for category, value in projection.exact:
            code = np.array([[self._column(category).codes()[value]]])
            bits.append(g.cast(g.op("Equal", self._code(category), code), np.int64))
        codes = [self._code(i) for i in projection.categories]
        columns = [self._column(i) for i in projection.categories]
        row, hashes = write_cells(self._c, self._model, cells, columns, codes, bits)
        table = np.stack([ctr.values_at(hashes) for ctr in ctrs], axis=1)
        return g.op("Gather", g.const(table, name="ctr"), row, axis=0)

    def _exceeds(self, feature: int, border: float) -> str:
        """1 where a number exceeds a border, int64 [N, 1]."""
        g = self._c.g
        x = g.op("Gather", self._numbers, np.array([feature]), axis=1) if len(self._floats) > 1 else self._numbers
        above = g.op("Greater", x, np.array([[border]], np.float32))
        if self._missing_right[feature]:
            above = g.op("Or", above, g.op("IsNaN", x))
        return g.cast(above, np.int64)

    def _name(self, info: dict[str, Any], block: Block) -> str:
        """The input column in quotes, else what the model calls it."""
        name = column_of(self._c, block) or info.get("feature_name") or info["flat_feature_index"]
        return f'"{name}"'


def _checked(c: Carrier, model: Any, ctrs: list[Ctr]) -> list[Ctr]:
    for ctr in ctrs:
        if ctr.kind not in TYPES or ctr.kind in _UNPROVEN:
            raise c.unsupported(
                model,
                f"it has CTRs of type {ctr.kind}, which only a GPU can train",
                "Train with simple_ctr and combinations_ctr of Borders, Buckets, Counter or BinarizedTargetMeanValue",
            )
    return ctrs
