"""Every planted fault: where, in which base, asked of which runtimes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.mutants import manifest_faults as manifest
from benchmarks.mutants import network_catalogue as networks
from benchmarks.mutants import row_faults as rows
from benchmarks.mutants import runtime_faults as runtime
from benchmarks.mutants import step_faults as steps
from benchmarks.mutants import tree_faults as trees
from benchmarks.mutants import web_faults as web
from benchmarks.mutants.tree_faults import Plant

_GRAPH = ("onnxruntime",)
_WASM = ("web-node-wasm",)
_ROWS = ("rows-python",)
_ROWS_IN_WEB = ("rows-node",)

PARTS = (
    "trees",
    "steps",
    "outputs",
    "manifest",
    "web-files",
    "web-runtime",
    "runtime",
    "rows",
    "rows-web",
    "networks",
    "integrity",
)
CONTROL = "control"


@dataclass(frozen=True)
class Mutant:
    """part: what kind of file or runtime is at fault. sealed: the digests are renewed after planting."""

    part: str
    name: str
    base: str
    plant: Plant
    runtimes: tuple[str, ...] = _GRAPH
    sealed: bool = True


def mutants(newer: Callable[[], Path]) -> tuple[Mutant, ...]:
    """newer: the bundle of base `newer`, whose files are the stale ones."""
    return (
        *_trees(),
        *_steps(),
        *_outputs(),
        *_manifest(),
        *_web(newer),
        *_runtimes(newer),
        *_rows(newer),
        *_rows_in_web(newer),
        *_networks(),
    )


def controls(planted: Sequence[Mutant]) -> tuple[Mutant, ...]:
    """For each base of these mutants one copy with nothing planted, sealed in the same way, which must agree."""
    asked: dict[str, dict[str, None]] = {}
    for mutant in planted:
        asked.setdefault(mutant.base, {}).update(dict.fromkeys(mutant.runtimes))
    return tuple(
        Mutant(CONTROL, f"nothing, {base}", base, lambda _folder, _rng: "", tuple(names))
        for base, names in asked.items()
    )


def _trees() -> list[Mutant]:
    def fault(name: str, base: str, plant: Plant) -> Mutant:
        return Mutant("trees", name, base, plant)

    return [
        fault("threshold one ulp up", "numeric", trees.moved_threshold(math.inf)),
        fault("threshold one ulp down", "numeric", trees.moved_threshold(-math.inf)),
        fault("threshold one ulp up, deep", "mixed", trees.moved_threshold(math.inf, least_depth=4)),
        fault("threshold one ulp down, deep", "mixed", trees.moved_threshold(-math.inf, least_depth=4)),
        fault("threshold one ulp up, forest", "penguins:", trees.moved_threshold(math.inf)),
        fault("threshold one ulp down, forest, deep", "penguins:", trees.moved_threshold(-math.inf, least_depth=4)),
        fault("threshold rounded to float32", "mixed", trees.rounded_to_float32()),
        fault("threshold rounded to float32, classes", "numeric", trees.rounded_to_float32()),
        fault("<= turned to <", "mixed", trees.strict()),
        fault("<= turned to <, forest", "penguins:", trees.strict()),
        fault("NaN takes the other branch", "numeric", trees.missing_goes_elsewhere()),
        fault("NaN takes the other branch, deep", "mixed", trees.missing_goes_elsewhere(least_depth=4)),
        fault("children swapped at one node", "penguins:", trees.children_swapped()),
        fault("children swapped at one node, doubles", "mixed", trees.children_swapped()),
        fault("feature index off by one at one node", "numeric", trees.other_feature()),
        fault("two leaves swapped", "mixed", trees.leaves_swapped),
        fault("two classes swapped in one leaf", "penguins:", trees.leaf_classes_swapped),
        fault("a tree is missing", "penguins:", trees.tree_missing),
        fault("a category dropped from one node's set", "mixed", trees.set_member_dropped()),
        fault("base score off by 1e-8", "mixed", trees.base_score_off),
        fault("features in float32, trees", "numeric", trees.features_in_float32),
        fault("features in float32, one categorical", "mixed", trees.features_in_float32),
        fault("a tie goes to the last class", "tied", trees.last_class_wins),
    ]


def _steps() -> list[Mutant]:
    def fault(name: str, base: str, plant: Plant) -> Mutant:
        return Mutant("steps", name, base, plant)

    return [
        fault("scaler's mean, last bit", "penguins:", steps.constant("Sub", steps.mean_last_bit, "one ulp up")),
        fault("scaler's scale, last bit", "penguins:", steps.scale_last_bit),
        fault("imputed value, last bit", "binned", steps.imputed_value_last_bit),
        fault("bin edge one ulp up", "binned", steps.constant("GreaterOrEqual", steps.middle_edge_up, "one edge")),
        fault("most frequent category changed", "penguins:",
              steps.constant("Where", steps.first_to("Dream"), "Biscoe -> Dream", which=1)),
        fault("category dropped", "penguins:", steps.attribute("LabelEncoder", "Dream", steps.key_dropped("Dream"))),
        fault("categories reordered", "penguins:", steps.attribute("LabelEncoder", "two keys", steps.keys_swapped)),
        fault("ordinal codes reordered", "closed",
              steps.constant("Gather", steps.swapped, "two codes", which=1, operand=0)),
        fault("unseen mapped to the first category", "penguins:",
              steps.attribute("LabelEncoder", "default 0", lambda _a: {"default_int64": 0})),
        fault("missing string treated as unseen", "penguins:",
              steps.constant("Equal", steps.first_to("\ufdd1"), "another marker")),
        fault("coefficient off by 1e-7", "linear", steps.constant("MatMul", steps.first_off(1e-7), "the first one")),
        fault("intercept dropped", "linear", steps.constant("Add", np.zeros_like, "zeros")),
        fault("features in float32, linear", "linear", trees.features_in_float32),
        fault("softmax without its maximum", "linear", steps.softmax_unguarded),
        fault("scaled values cut off", "linear", steps.scaled_cut_off),
        fault("a sine by what stands beside it", "periodic", steps.sine_of_the_runtime),
    ]  # fmt: skip


def _outputs() -> list[Mutant]:
    def fault(name: str, base: str, plant: Plant) -> Mutant:
        return Mutant("outputs", name, base, plant)

    return [
        fault("label strings swapped", "penguins:",
              steps.constant("Gather", steps.swapped, "two labels", which=-1, operand=0)),
        fault("output renamed", "linear", steps.output_renamed),
        fault("output in float", "tied", steps.output_in_float),
        fault("output with one column more", "linear", steps.output_wider),
    ]  # fmt: skip


def _manifest() -> list[Mutant]:
    def fault(name: str, base: str, text: str, edit: Callable[..., None]) -> Mutant:
        return Mutant("manifest", name, base, manifest.manifest(text, edit))

    column = manifest.column
    return [
        fault("missing allowed where the model refuses", "linear", "column 0", column(0, missing=True)),
        fault("missing refused where the model answers", "numeric", "column 1", column(1, missing=False)),
        fault("infinity allowed where the model refuses", "linear", "column 0", column(0, infinity=True)),
        fault("infinity refused where the model answers", "mixed", "column 0", column(0, infinity=False)),
        fault("maximum removed", "penguins:", "column 0", column(0, maximum=None)),
        fault("maximum too small", "penguins:", "column 0", column(0, maximum=1000.0)),
        fault("minimum too low", "penguins:", "column 0", column(0, minimum=-1e300)),
        fault("closed category dropped", "closed", "city: Cork", manifest.category_dropped),
        fault("closed category added", "closed", "city: Nice", manifest.category_added),
        fault("what an imputer fills refused", "marked", "work: ?", manifest.filled_refused),
        fault("None asked as pandas.NA", "marked", "column 1", column(1, mark="NA")),
        fault("classes in another order", "linear", "probabilities", manifest.classes_swapped),
        fault("tolerance widened", "penguins:", "0.5", manifest.tolerance_widened),
        Mutant("manifest", "golden answer edited", "penguins:", manifest.golden_edited),
        Mutant("integrity", "golden answer edited, not sealed", "penguins:", manifest.golden_edited, sealed=False),
        Mutant("integrity", "tolerance widened, not sealed", "penguins:",
               manifest.manifest("0.5", manifest.tolerance_widened), sealed=False),
    ]  # fmt: skip


def _web(newer: Callable[[], Path]) -> list[Mutant]:
    def fault(name: str, plant: Plant, *runtimes: str, part: str = "web-files") -> Mutant:
        return Mutant(part, name, "penguins:web", plant, runtimes or _WASM)

    def script(name: str, file: str, old: str, new: str, *runtimes: str) -> Mutant:
        return fault(name, web.script(file, old, new, file), *runtimes, part="web-runtime")

    answered = "return predictionsFrom(this.manifest.outputs, await this.#answer(inputs, count), count);"
    return [
        fault("weight shard: one bit", web.weight_byte, "tfjs-stock-node-wasm"),
        fault("weight dtype", web.weight_dtype, "tfjs-stock-node-wasm"),
        fault("program.json: a constant's last digit", web.program("mean of column 0", web.last_digit)),
        fault("program.bin: a rank threshold one ulp up", web.rank_one_ulp),
        fault("program.json: labels swapped", web.program("two labels", web.labels_swapped)),
        fault("program.json: categories reordered", web.program("two keys", web.categories_swapped)),
        fault("gather with batch_dims on wasm",
              web.graph_with("GatherV2 batch_dims=1", web.gather_by_batch, web.GATHER_WEIGHTS), "tfjs-stock-node-wasm"),
        fault("OneHot in float32 on wasm",
              web.graph_with("OneHot float32", web.one_hot_in_float, web.ONE_HOT_WEIGHTS), "tfjs-stock-node-wasm"),
        fault("web/ is stale, sealed", runtime.stale_web(newer)),
        Mutant("integrity", "web/ is stale", "penguins:web", runtime.stale_web(newer), _WASM, sealed=False),
        fault("float16 textures on webgl", web.float16_textures, "web-chromium-webgl", part="web-runtime"),
        script("JavaScript: missing becomes 0", "contract.js",
               "if (x === null && column.missing) return NaN;", "if (x === null && column.missing) return 0;"),
        script("JavaScript: range not checked", "contract.js", "!inside(x, column)", "false"),
        script("JavaScript: numbers in float32", "validate.js", "double: (n) => new Float64Array(n)",
               "double: (n) => new Float32Array(n)"),
        script("JavaScript: columns by their place in the row", "validate.js", "? row[column.name] : void 0",
               "? Object.values(row)[j] : void 0"),
        script("JavaScript: the first call's answer again", "index.js", answered,
               answered.replace("return ", "return this.first ??= ")),
        script("JavaScript: answers kept by batch size", "index.js", answered,
               answered.replace("return ", "return (this.kept ??= {})[count] ??= ")),
        script("a console warning in the page", "index.js", answered,
               'console.warn("precision may be lost");\n    ' + answered, "web-chromium-wasm"),
    ]  # fmt: skip


def _rows(newer: Callable[[], Path]) -> list[Mutant]:
    def fault(name: str, base: str, plant: Plant) -> Mutant:
        return Mutant("rows", f"rows: {name}", base, plant, _ROWS)

    def code(name: str, base: str, file: str, old: str, new: str) -> Mutant:
        return fault(f"evaluator: {name}", base, runtime.python(f"edge/isoship_edge/rows/{file}", old, new, file))

    def step(name: str, base: str, text: str, edit: Callable[..., None]) -> Mutant:
        return fault(name, base, rows.edited(text, edit))

    stale = rows.of_another_training(newer)
    return [
        fault("threshold one ulp up, forest", "penguins:", rows.threshold_up),
        fault("threshold one ulp up, doubles", "mixed", rows.threshold_up),
        fault("two leaves swapped", "mixed", rows.children_swapped),
        fault("another feature at one node", "numeric", rows.other_feature),
        fault("NaN takes the other branch", "numeric", rows.missing_elsewhere),
        fault("a category exchanged in a set", "mixed", rows.member_exchanged),
        fault("leaf values off by 1e-7", "mixed", rows.leaf_value_off),
        step("scaler's mean, last bit", "penguins:", "one ulp up", rows.operand("Sub", 1, web.first_up)),
        step("features stay doubles", "penguins:", "Cast to float", rows.attribute("Cast", "to", "double", -2)),
        step("two labels swapped", "penguins:", "Gather", rows.operand("Gather", 0, rows.swapped, -1)),
        step("two categories swapped", "penguins:", "LabelEncoder", rows.keys_swapped),
        step("a tree is left out of the sum", "mixed", "exclusive", rows.attribute("CumSum", "exclusive", 1)),
        step("links left out", "linear", "Softmax", rows.step_dropped("Softmax")),
        fault("of another training", "penguins:", stale),
        Mutant("integrity", "rows: of another training, not sealed", "penguins:", stale, _ROWS, sealed=False),
        code("the threshold itself goes right", "numeric:edge", "trees.py",
             "(row[feature[slot]] > threshold[slot])", "(row[feature[slot]] >= threshold[slot])"),
        code("missing values are compared", "numeric:edge", "trees.py",
             'self._nan != "first" and total !=', 'False and total !='),
        code("children are swapped once warm", "penguins:edge", "trees.py",
             "made[slot] = column, limit, first, second,", "made[slot] = column, limit, second, first,"),
        code("float stays double", "penguins:edge", "widths.py", '"float": rounded', '"float": list'),
        code("products in float32", "linear:edge", "products.py", "total += x * y", "total = single(total + x * y)"),
        code("a tie goes to the last", "tied:edge", "reductions.py",
             '"ArgMax": _extreme_at(lambda x, best: x > best)', '"ArgMax": _extreme_at(lambda x, best: x >= best)'),
        code("an unseen category is the first", "penguins:edge", "lookups.py",
             "found(x if x == x else None, otherwise)", "found(x if x == x else None, values.data[0])"),
        code("softmax without its maximum", "linear:edge", "softmax.py",
             "finish([element - top for element in elements])", "finish(elements)"),
        code("the values of the row before", "linear:edge", "program.py",
             "v[place] = data", "v[place] = self._held[place] = self._held[place] or data"),
    ]  # fmt: skip


def _rows_in_web(newer: Callable[[], Path]) -> list[Mutant]:
    """The row program's files, which web/ carries, too, and the evaluator in JavaScript."""

    def fault(name: str, base: str, plant: Plant) -> Mutant:
        return Mutant("rows-web", f"rows in web/: {name}", base, plant, _ROWS_IN_WEB)

    def code(name: str, base: str, file: str, old: str, new: str) -> Mutant:
        return fault(f"evaluator: {name}", base, web.script(f"rows/{file}", old, new, file))

    step = rows.edited
    return [
        fault("threshold one ulp up, forest", "penguins:web", rows.threshold_up),
        fault("another feature at one node", "numeric:web", rows.other_feature),
        fault("NaN takes the other branch", "numeric:web", rows.missing_elsewhere),
        fault("scaler's mean, last bit", "penguins:web", step("one ulp up", rows.operand("Sub", 1, web.first_up))),
        fault("two labels swapped", "penguins:web", step("Gather", rows.operand("Gather", 0, rows.swapped, -1))),
        fault("two categories swapped", "penguins:web", step("LabelEncoder", rows.keys_swapped)),
        fault("links left out", "linear:web", step("Softmax", rows.step_dropped("Softmax"))),
        fault("of another training", "penguins:web", rows.of_another_training(newer)),
        code("the threshold itself goes right, of one row in eight", "penguins:web", "trees.js",
             "x[s + places[(a << 2) + 2]] > limits", "x[s + places[(a << 2) + 2]] >= limits"),
        code("one tree of four stays at its root", "penguins:web", "trees.js",
             "to[at + tree + 3] = threshold[d]", "to[at + tree + 3] = threshold[tree + 3]"),
        code("one row of eight has its neighbour's leaf", "penguins:web", "trees.js",
             "to[at += roots] = threshold[h]", "to[at += roots] = threshold[g]"),
        code("missing values are compared", "numeric:web", "trees.js",
             "nanMatters && holdsNaN(", "false && holdsNaN("),
        code("float stays double", "penguins:web", "casts.js", "Math.fround(x[i])", "x[i]"),
        code("products in float32", "linear:web", "fusion.js",
             "to[at + j] += scaled * weights[k++]", "to[at + j] = Math.fround(to[at + j] + scaled * weights[k++])"),
        code("a tie goes to the last", "tied:web", "reductions.js",
             "ArgMax: extremeAt((x, best) => x > best)", "ArgMax: extremeAt((x, best) => x >= best)"),
        code("an unseen category is the first", "penguins:web", "one_hot.js",
             "known.get(from[r * count + i]) ?? other", "known.get(from[r * count + i]) ?? 0"),
        code("softmax without its maximum", "linear:web", "softmax.js",
             "round(from[source + k * after] - top)", "round(from[source + k * after])"),
        code("the first row's choice for all", "penguins:web", "comparisons.js",
             "choices[r * rowC + i]", "choices[i]"),
        code("the values of the call before", "linear:web", "program.js",
             "held[inputs[i2]] = given[i2]", "held[inputs[i2]] ??= given[i2]"),
    ]  # fmt: skip


def _networks() -> list[Mutant]:
    return [Mutant("networks", name, base, plant, networks.RUNTIMES) for name, base, plant in networks.planted()]


def _runtimes(newer: Callable[[], Path]) -> list[Mutant]:
    edge, made = ("edge",), "made = predictions(model.manifest.outputs, tensors)"
    converted = "_CONVERT[column.dtype](columns[column.name], column, first)"
    numbers, in_range = 'if dtype not in ("double", "int64")', "not lowest <= value <= highest"
    api, decode, one_row = (
        "edge/isoship_edge/http/api.py",
        "isoship_edge/encoding/decode.py",
        "isoship_edge/inference/one_row.py",
    )

    def fault(name: str, plant: Plant, runtimes: tuple[str, ...] = edge, base: str = "penguins:edge") -> Mutant:
        return Mutant("runtime", name, base, plant, runtimes)

    def integrity(name: str, plant: Plant, base: str, runtimes: tuple[str, ...]) -> Mutant:
        return Mutant("integrity", name, base, plant, runtimes, sealed=False)

    return [
        fault("a missing string becomes nan",
              runtime.python(f"edge/{decode}", "out.append(MISSING_STRING)", 'out.append("nan")', decode)),
        fault("numbers in float32 in Lambda",
              runtime.python(f"lambda/{decode}", converted, f'array("d", array("f", {converted}))'
                             f' if column.dtype == "double" else {converted}', decode),
              ("lambda",), "penguins:lambda"),
        fault("range not checked in batches",
              runtime.python(f"edge/{decode}", "(lowest <= min(fast) and max(fast) <= highest)", "len(fast) > 1 or"
                             " (lowest <= fast[0] <= highest)", decode)),
        fault("the third chunk is the second again",
              runtime.python("edge/isoship_edge/inference/model.py", "sliced(inputs, start, stop)",
                             "sliced(inputs, *(at - self.chunk * (start >= 2 * self.chunk) for at in (start, stop)))",
                             "from the third on")),
        fault("one row: a missing string becomes nan",
              runtime.python(f"edge/{one_row}", "texts.append(_MISSING)", 'texts.append(b"nan")', one_row)),
        fault("one row: numbers out of range are taken",
              runtime.python(f"edge/{one_row}", f"{numbers} or {in_range}:", f"{numbers}:", one_row)),
        fault("one row by ONNX Runtime: the numbers of the row before",
              runtime.python("edge/isoship_edge/inference/kept_row.py", "self._pack(self._memory, 0, *numbers)",
                             "self._pack(self._memory, 0, *getattr(self, 'before', numbers)); self.before = numbers",
                             "the second row and all after it")),
        fault("one row in Lambda: the numbers of the row before",
              runtime.python("lambda/isoship_edge/rows/session.py", "made = self._answer(given)",
                             "made, self.before = self._answer(getattr(self, 'before', given)), given",
                             "the second row and all after it"),
              ("lambda",), "penguins:lambda"),
        fault("rows dropped in large batches", runtime.python(api, made, f"{made}[:256]", "after 256")),
        fault("rows reordered in large batches",
              runtime.python(api, made, f"{made}[:: -1 if len(rows) > 256 else 1]", "from 257 rows on")),
        fault("the seam between chunks is off by one",
              runtime.python("edge/isoship_edge/inference/model.py", "sliced(inputs, start, stop)",
                             "sliced(inputs, max(start - 1, 0), stop - (start > 0))",
                             "the rows around every seam")),
        integrity("edge/model.onnx is stale", runtime.stale("edge/model.onnx", newer=newer), "penguins:edge", edge),
        integrity("lambda/model.onnx is stale", runtime.stale("lambda/model.onnx", newer=newer), "penguins:lambda",
                  ("lambda",)),
        integrity("lambda.zip is not lambda/", runtime.other_zip, "penguins:lambda", ("lambda",)),
    ]  # fmt: skip
