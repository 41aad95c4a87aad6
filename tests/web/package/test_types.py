"""index.d.ts of a model under `tsc --strict`: good calls are accepted, and what the model would refuse is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from node_script import WEB
from typescript import compiled, manifest_of

from isoship.bundle.npm.types import ARRAYS, MOST_WORDS, literal, types_of
from isoship_edge.manifest import Column, Output
from isoship_edge.tensors.signature import DATATYPES, Image, Input

COLUMNS = (
    Column("age", "double", missing=True, minimum=0.0, exclusive_maximum=120.5),
    Column("visits", "int64"),
    Column("member", "bool"),
    Column("city", "string", missing=True),
    Column("plan", "string", categories=("basic", "pro")),
    Column("grade", "int64", categories=(1, 2, 3)),
)
OUTPUTS = (
    Output("label", "label", "string", ("N",), ("low", "high")),
    Output("probabilities", "probabilities", "double", ("N", 2), ("low", "high")),
    Output("whole", "label", "int64", ("N",), (7, -1)),
    Output("flag", "label", "bool", ("N",), (False, True)),
    Output("half", "label", "double", ("N",), (0.5, 1.0)),
    Output("by_half", "scores", "double", ("N", 2), (0.5, 1.0)),
    Output("price", "value", "double", ("N",)),
    Output("parts", "transformed", "float", ("N", 3)),
    Output("both", "label", "string", ("N", 2), ("a", "b")),
)
GOOD = '{ age: 3, visits: 1n, member: true, city: "x", plan: "pro", grade: 2 }'
MODEL = manifest_of(COLUMNS, OUTPUTS)


def test_good_calls_are_accepted_readonly_rows_and_interfaces_among_them(tmp_path: Path) -> None:
    program = f"""
import {{ InputError, load, loadInWorker, type Model, type Prediction, type Progress, type Row }} from "model";

interface Visitor {{
  age: number | null; visits: number; member: boolean; city: string; plan: "basic" | "pro"; grade: number;
}}
const onProgress = ({{ file, loaded, total }}: Progress) => void [file, loaded, total];
const model: Model = await load({{ backend: ["webgpu", "cpu"], trial: false, onProgress }});
const rows: readonly Readonly<Row>[] = [{GOOD}, {{ ...{GOOD}, age: null, city: null, visits: 2 }}];
const frozen = [{GOOD}] as const;
declare const visitors: readonly Visitor[];
const [first] = await model.predict(rows);
await model.predict(frozen);
await model.predict(visitors);
const answers: Prediction[] = await (await loadInWorker()).predict(rows);
const label: "low" | "high" | undefined = first?.label;
const sure: number | null | undefined = first?.probabilities.high;
const whole: 7 | -1 | undefined = first?.whole;
const flag: boolean | undefined = answers[0]?.flag;
const half: 0.5 | 1 | undefined = first?.half;
const by: number | null | undefined = first?.by_half["1.0"];
const price: number | null | undefined = first?.price;
const part: number | null | undefined = first?.parts[0];
const both: ("a" | "b")[] | undefined = first?.both;
const tensors = await model.predictTensors({{
  age: new Float64Array(2), visits: new BigInt64Array(2), member: new Uint8Array(2),
  city: ["x", null], plan: ["pro", "pro"], grade: [1, 2],
}});
const data: Float64Array = tensors.probabilities.data;
const words: ("low" | "high")[] = tensors.label.data;
const problems = await model.explainInput({{ whatever: 1 }});
const told: string[] = problems.map(({{ message }}) => message);
const kept: boolean | undefined = model.trust?.tried[0]?.kept;
try {{ await model.predict(rows); }} catch (err) {{ if (err instanceof InputError) console.log(err.row, err.column); }}
void [label, sure, whole, flag, half, by, price, part, both, data, words, told, kept];
"""
    assert compiled(tmp_path, MODEL, program) == []


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        ("{ agee: 3, visits: 1n, member: true, city: 'x', plan: 'pro', grade: 2 }", "'agee' does not exist"),
        ("{ age: 3, member: true, city: 'x', plan: 'pro', grade: 2 }", '"visits"\' is missing'),
        (GOOD.replace('"pro"', '"gold"'), '"gold"\' is not assignable to type \'"basic" | "pro"\''),
        (GOOD.replace("age: 3", "age: '3'"), "'string' is not assignable to type 'number'"),
        (GOOD.replace("age: 3", "age: 3n"), "'bigint' is not assignable to type 'number'"),
        (GOOD.replace("1n", "null"), "'null' is not assignable"),
        (GOOD.replace("true", "1"), "'number' is not assignable to type 'boolean'"),
        (GOOD.replace("member", "Member"), "'Member' does not exist"),
    ],
)
def test_what_the_model_would_refuse_is_an_error_of_the_compiler(tmp_path: Path, bad: str, fault: str) -> None:
    said = compiled(tmp_path, MODEL, f'import {{ load }} from "model";\nawait (await load()).predict([{bad}]);\n')
    assert len(said) == 1
    assert fault in said[0]


@pytest.mark.parametrize(
    "bad",
    [
        'const other: "middle" | undefined = (await model.predict([]))[0]?.label;',
        "const other: number = (await model.predict([]))[0]!.probabilities.middle;",
        "await model.predictTensors({ age: [1] });",
        'await load({ backend: "gpu" });',
        "await model.predictTensors({ X: new Float64Array(6) });",
    ],
)
def test_so_is_what_it_never_answers_or_takes(tmp_path: Path, bad: str) -> None:
    assert len(compiled(tmp_path, MODEL, f'import {{ load }} from "model";\nconst model = await load();\n{bad}\n')) == 1


def test_a_matrix_is_taken_whole(tmp_path: Path) -> None:
    columns = (Column("a", "double"), Column("b", "double"))
    program = 'import { load } from "model";\nawait (await load()).predictTensors({ X: new Float64Array(4) });\n'
    assert compiled(tmp_path, manifest_of(columns, OUTPUTS, layout="matrix"), program) == []


HOSTILE = [
    "a\"b'c`d", "line\nbreak\r",
    "*/ export {}; /*", "${process.exit()}", "\\", "\\u0022", "__proto__", "constructor", "0",
    "", " ", "Ærø 🐧", "\u2028\u2029", "\u202egnirts\u202c", "\x00\x7f",
    "</script>", "a: any; //", "{0} {imports}", "\ufdd0",
]  # fmt: skip


def test_hostile_names_are_names(tmp_path: Path) -> None:
    """Of columns, categories, outputs and classes: each is there under its own name, and no word of it is code."""
    columns = tuple(Column(name, "string", categories=tuple(HOSTILE)) for name in HOSTILE)
    classes = tuple(HOSTILE)
    shape = ("N", len(classes))
    outputs = tuple(Output(name, "probabilities", "double", shape, classes) for name in HOSTILE)
    row = ", ".join(f"[{literal(name)}]: {literal(HOSTILE[0])} as const" for name in HOSTILE)
    answers = "\n".join(
        f"const p{i}: number | null | undefined = answer?.[{literal(name)}][{literal(HOSTILE[-1 - i])}];"
        for i, name in enumerate(HOSTILE)
    )
    program = f"""import {{ load, type Row }} from "model";
const row: Row = {{ {row} }};
const [answer] = await (await load()).predict([row]);
{answers}
// @ts-expect-error
void answer?.whatever;
"""
    manifest = manifest_of(columns, outputs)
    assert compiled(tmp_path, manifest, program) == []
    assert all(c == "\n" or c.isprintable() for c in types_of(manifest))


def test_lone_surrogates_are_escaped() -> None:
    assert literal("\ud800") == '"\\ud800"'
    assert literal("🐧\u202e") == '"🐧\\u202e"'


def test_more_words_than_help_anyone_are_texts(tmp_path: Path) -> None:
    """10,000 categories, one of 10,000 characters, classes by the thousand: the types stay small and true."""
    many = tuple(f"c{i}" for i in range(10_000))
    columns = (
        Column("many", "string", categories=many),
        Column("most", "string", categories=many[:MOST_WORDS]),
        Column("long", "string", categories=("x" * 10_000, "y")),
    )
    outputs = (
        Output("label", "label", "string", ("N",), many),
        Output("probabilities", "probabilities", "double", ("N", len(many)), many),
        Output("large", "label", "int64", ("N",), (2**60, 1)),
    )
    program = """import { load } from "model";
const [answer] = await (await load()).predict([{ many: "anything", most: "c7", long: "z" }]);
const label: string | undefined = answer?.label, p: number | null | undefined = answer?.probabilities.c17;
const large: number | undefined = answer?.large;
// @ts-expect-error
await (await load()).predict([{ many: "anything", most: "c300", long: "z" }]);
void [label, p, large];
"""
    manifest = manifest_of(columns, outputs)
    assert compiled(tmp_path, manifest, program) == []
    assert len(types_of(manifest)) < 7_000


def test_comments_tell_ranges_and_numbers_that_are_categories() -> None:
    text = types_of(MODEL)
    assert '/** from 0.0 below 120.5 */\n  "age": number | null;' in text
    assert '/** one of 1, 2, 3 */\n  "grade": number | bigint;' in text


def test_inputs_and_outputs_of_tensors_have_names_and_shapes(tmp_path: Path) -> None:
    inputs = (
        Input("picture", "uint8", ("N", 8, 8, 1), image=Image("gray")),
        Input("x", "float", ("N", 2), nan=True),
        Input("ids", "int64", ("N",)),
        Input("scale", "double", ()),
        Input("*/ on", "bool", ("*/", 1)),
    )
    outputs = (
        Output("logits", "tensor", "float", ("N", 10), ("a", *"bcdefghij")),
        Output("flag", "tensor", "bool", ()),
        Output("half", "tensor", "float16", ("N",)),
    )
    program = """import { load, type TensorModel } from "model";
const model: TensorModel = await load();
const lists = { picture: [[[[0]]]], x: [new Float32Array(2), [1, null]], ids: [1n, 2], scale: 2, "*/ on": [[true]] };
const answer = await model.predict(lists);
await model.predict({ ...lists, picture: { png: "iVBORw0KGgo=" } });
const logit: number | null | undefined = answer.logits[0]?.[0], flag: boolean = answer.flag;
const given = {
  picture: new Uint8ClampedArray(64), x: { data: new Float32Array(2), shape: [1, 2] },
  ids: new BigInt64Array(1), scale: 1, "*/ on": [[true]],
};
const made = await model.predictTensors(given);
const floats: Float32Array = made.logits.data, bits: Uint16Array = made.half.data, dtype: "float" = made.logits.dtype;
void [logit, flag, floats, bits, dtype, model.inputs, (await model.explainInput({})).length];
// @ts-expect-error
await model.predictTensors({ ...given, x: new Float64Array(2) });
// @ts-expect-error
await model.predictTensors({ ...given, ids: { data: new Int32Array(1), shape: [1] } });
// @ts-expect-error
await model.predict({ picture: [[[[0]]]] });
// @ts-expect-error
await model.predict({ ...lists, x: [1, 2] });
// @ts-expect-error
void answer.logit;
"""
    assert compiled(tmp_path, manifest_of(outputs=outputs, inputs=inputs), program) == []


def test_every_dtype_of_tensors_has_types(tmp_path: Path) -> None:
    inputs = tuple(Input(dtype, dtype, ("N",)) for dtype in DATATYPES)
    outputs = tuple(Output(dtype, "tensor", dtype, ("N",)) for dtype in DATATYPES)
    given = ", ".join(f"{dtype}: new {ARRAYS[dtype]}(1)" for dtype in ARRAYS)
    program = f'import {{ load }} from "model";\nawait (await load()).predictTensors({{ {given}, string: ["a"] }});\n'
    assert compiled(tmp_path, manifest_of(outputs=outputs, inputs=inputs), program) == []
    said = (WEB / "src" / "tensors" / "signature.js").read_text(encoding="utf-8")
    for dtype, array in ARRAYS.items():
        assert re.search(rf"\b{dtype}: {array}\b", said), dtype


def test_a_model_that_is_not_known_here_takes_any_rows(tmp_path: Path) -> None:
    program = """import { load, type AnyModel, type AnyPrediction, type AnyRow, type ColumnsModel } from "model";
interface Mine { size: number }
declare const mine: Mine[];
const other = await load<ColumnsModel<Mine, { price: number | null }, {}, never>>({ baseUrl: "/other/" });
const price: number | null | undefined = (await other.predict(mine))[0]?.price;
declare const any: ColumnsModel<AnyRow, AnyPrediction, {}, never>;
await any.predict(mine);
const held: AnyModel[] = [other, any];
void [price, held];
"""
    assert compiled(tmp_path, MODEL, program) == []
