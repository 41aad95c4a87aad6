"""The page's CSV: read by the signature, written without formulas."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from node_script import HERE, WEB, run_node


def run(**job: Any) -> Any:
    return run_node(HERE / "csv.mjs", str(WEB / "src"), stdin=job)


def column(name: str, dtype: str, missing: bool = True) -> dict[str, Any]:
    return {"name": name, "dtype": dtype, "missing": missing}


SIGNATURE = {
    "layout": "columns",
    "columns": [column("zip", "string"), column("x", "double"), column("n", "int64"), column("b", "bool")],
}

TEXTS = [
    "a,b\n1,2\n",
    "a,b\r\n1,2\r\n",
    'a,b\n"x, ""y""\nz",2\n',
    'a\n""\n',
    "\ufeffa,b\n,\n",
    "a,b\n1,2",
    "a,b\n\n1,2\n\n",
    'a"b,c\n1,2"3\n',
    " a ,b\n 1 , 2\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_cells_are_those_that_python_reads(text: str) -> None:
    expected = [row for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")) if row]
    made = run(text=text)
    assert [made["header"], *([cell or "" for cell in row] for row in made["cells"])] == expected


def test_semicolons_separate_where_the_header_has_no_comma() -> None:
    made = run(text="a;b\n1,5;2\n")
    assert (made["header"], made["cells"]) == (["a", "b"], [["1,5", "2"]])


def test_values_are_read_by_the_signature_and_only_the_empty_cell_is_missing() -> None:
    text = "extra,b,n,x,zip\n?,true,3,1.5e3,0123\n?,FALSE,-4, .5 ,NA\n?,,,,\n"
    rows = run(text=text, signature=SIGNATURE)["rows"]
    assert rows == [
        {"zip": "0123", "x": 1500, "n": 3, "b": True},
        {"zip": "NA", "x": 0.5, "n": -4, "b": False},
        {"zip": None, "x": None, "n": None, "b": None},
    ]


def test_titles_that_the_file_has_already_get_a_prefix() -> None:
    made = ["label", "probabilities_no", "value"]
    titles = run(text="label,x,predicted_label,probabilities_no\n1,2,3,4\n", made=made)["titles"]
    assert titles == ["predicted_predicted_label", "predicted_probabilities_no", "value"]


def test_a_cell_that_does_not_read_refuses_its_row_alone_by_the_first_column_of_the_model() -> None:
    made = run(text='n,b,x,zip\n1,true,2,"a\n"\n1_000,2,0x10,a\n3,false,-0.0,\n4,true,5\n', signature=SIGNATURE)
    assert made["rows"] == [{"zip": "a\n", "x": 2, "n": 1, "b": True}, {"zip": None, "x": 0, "n": 3, "b": False}]
    first, second = made["refused"]
    assert (first["row"], first["column"], first["seen"]) == (1, "x", 'a string "0x10"')
    assert first["expected"] == "a number or null"
    assert (second["row"], second["message"]) == (3, "3 cells under 4 columns")
    assert made["lines"] == [2, 4, 5, 6]


def test_a_cell_is_read_as_on_a_device() -> None:
    """True and 1 for booleans and numbers, and the empty text where a column knows it."""
    from isoship_edge.encoding.rows_of_files import read_csv
    from isoship_edge.manifest import manifest_from_json

    columns = [
        *SIGNATURE["columns"],
        {**column("all", "string"), "empty": "value"},
        {**column("some", "string"), "empty": "quoted"},
    ]
    text = 'zip,x,n,b,all,some\n"",True,FALSE,1,"",""\n,1,true,0,,\n"a,""b",2.5,0,0.0,"x\r\n""z","y"\n'
    signature = {**SIGNATURE, "columns": columns}
    document = {
        "format": 1, "name": "m", "version": "1", "digest": "d", "signature": signature, "outputs": [],
        "tolerances": {}, "encoder": None, "provenance": {}, "files": {},
    }  # fmt: skip
    _, records = read_csv(io.StringIO(text, newline=""), manifest_from_json(document).signature)
    expected = [row for _, row in records]
    assert [row["some"] for row in expected] == ["", None, "y"]
    assert [row["all"] for row in expected] == ["", "", 'x\r\n"z']
    assert [row["zip"] for row in expected] == [None, None, 'a,"b']
    assert [row["b"] for row in expected] == [True, False, False]
    assert run(text=text, signature=signature)["rows"] == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("zip,x,n\na,1,2\n", 'the file lacks the columns "b"; it has "zip", "x", "n"'),
        ("zip\tx\tn\tb\n", "It looks separated by tabs"),
        ("zip,x,n,b,x\na,1,2,true,3\n", 'the column "x" twice'),
        ('zip,x,n,b\n\na,1,2,true\n"a,1,2,true\n', "line 4: the file ends inside a cell in quotes"),
        ('zip,x,n,b\n"a"b,1,2,true\n', "line 2: something stands behind the quotes of a cell"),
        ('"zip', "line 1: the file ends inside a cell in quotes"),
        ("", "the file is empty"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_the_reason(text: str, words: str) -> None:
    made = run(text=text, signature=SIGNATURE)
    assert made["name"] == "InputError"
    assert words in made["error"]


@pytest.mark.parametrize(
    ("endless", "words"),
    [
        ('1\n"never closed,', "line 3: a cell in quotes that begins there does not end within 16 million characters"),
        ("1\n2\n", "line 4 is longer than 16 million characters: this is no CSV file"),
    ],
)
def test_a_cell_without_an_end_is_refused(endless: str, words: str) -> None:
    made = run(endless=endless)
    assert made["name"] == "InputError"
    assert words in made["error"]
    assert made["pieces"] < 20, "before memory is full"


#: What no double holds, in every spelling: the digits, a point, an exponent, a sign.
NOT_HELD = [
    "9007199254740993", "9007199254740993.0", "9007199254740993.", "9007199254740993e0", "900719925474099.3e1",
    "-90071992547409930E-1", "+.9007199254740993e16", "0.99999999999999999999", "1e-400",
]  # fmt: skip
HELD = {
    "7": 7, "+7.0": 7, "7.": 7, "70e-1": 7, ".7E1": 7, "-0.0e9": 0, "0e99999999999": 0,
    "9007199254740991.00": 2**53 - 1, "9007199254740.991e3": 2**53 - 1,
}  # fmt: skip


@pytest.mark.parametrize("text", NOT_HELD)
def test_a_cell_that_no_double_holds_is_refused_in_every_spelling(text: str) -> None:
    made = run(text=f"zip,x,n,b\na,1,{text},true\n", signature=SIGNATURE)
    assert made["refused"][0]["seen"] == f"{text}, which has more digits than a double holds"


def test_integers_are_read_in_every_spelling() -> None:
    made = run(text="zip,x,n,b\n" + "".join(f"a,1,{text},true\n" for text in HELD), signature=SIGNATURE)
    assert [row["n"] for row in made["rows"]] == list(HELD.values())


def test_the_form_takes_the_integers_that_a_file_may_hold() -> None:
    """The others stay text, which `predict` refuses as it was typed."""
    assert run(typed=[*NOT_HELD, *HELD], dtype="int64")["numbers"] == [*NOT_HELD, *HELD.values()]


def test_the_form_of_doubles_takes_the_nearest_but_for_whole_numbers() -> None:
    typed = ["9007199254740993", "9007199254740993.0", "0.1", "1e-400", "100000000000000000001", "1e20"]
    assert run(typed=typed, dtype="double")["numbers"] == [typed[0], 2**53, 0.1, 0, typed[4], 1e20]


def test_no_cell_that_is_written_starts_a_formula_and_numbers_stay_numbers() -> None:
    formulas = ["=1+1", "+cmd|'/c calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =1", '=HYPERLINK("x")']
    numbers = [-1.5, 1e-7, "-3", "+4.5e3", None, True]
    text = run(table=[formulas, numbers])["csv"]
    first, second = csv.reader(io.StringIO(text, newline=""))
    assert all(cell.startswith("'") for cell in first)
    assert [cell.replace("'", "") for cell in first] == [cell.replace("'", "") for cell in formulas]
    assert second == ["-1.5", "1e-7", "-3", "+4.5e3", "", "true"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_formula_starts_behind_a_separator_of_another_country(separator: str) -> None:
    table = [["a;=1+1", "b\t=1+1", "c,=1+1", ";@x", "plain"]]
    text = run(table=table)["csv"]
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
        assert not [cell for cell in row if cell.lstrip().startswith(("=", "@"))], (separator, row)
