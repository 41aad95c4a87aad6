"""parity.html: self-contained, harmless with hostile names, and safe in a spreadsheet."""

import csv
import dataclasses
import html.parser
import io
import re
import urllib.parse

import pytest

from isoship.parity.verdict.compare import KindCount, Verdict, Worst
from isoship.parity.verdict.page import csv_link, plot_of
from isoship.parity.verdict.report import ParityReport
from isoship_edge.manifest import Tolerance

HOSTILE = '<img src=x onerror="alert(1)">'
KINDS = {"ordinary": KindCount(90, 0, 1, 0, 2e-8, {"none": 40, "-9": 30, "-8": 20}),
         "threshold": KindCount(10, 2, 0, 3, 0.5, {"-1": 3, "inf": 1, "none": 6}, {"-1": 3, "inf": 1})}  # fmt: skip


@pytest.fixture
def report():
    worst = (
        Worst(3, "threshold", HOSTILE, HOSTILE, "=HYPERLINK(1);=1+1", 0.5, True),
        Worst(4, "sample", "label", "@sum", "-1+1", 0.1, False),
    )
    verdict = Verdict(
        "onnxruntime", "model", "float32", "disagree", rows=100, flips=2, ties=1, max_abs=0.5, milliseconds=3.0,
        message=f"answers {HOSTILE}", worst=worst, kinds=KINDS, ulps={"0": 46, "16": 50, "more": 4}, allowed=1e-6,
        environment={HOSTILE: HOSTILE},
        tolerances={HOSTILE: Tolerance(1e-6, 0.0, HOSTILE)},
    )  # fmt: skip
    return ParityReport(
        HOSTILE, HOSTILE, "sha256:abc", "source", (verdict,), kinds={HOSTILE: 3}, notes=(HOSTILE,),
        shown={3: {HOSTILE: HOSTILE, "=cmd": "+1"}, 4: None}, required=("model",), environment={"python": HOSTILE},
    )  # fmt: skip


class Tags(html.parser.HTMLParser):
    """Every tag with its attributes, and all text outside of style."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


def test_page_and_notebook_say_which_runtimes_were_asked_fewer_rows_and_why(report):
    why = f"chosen as golden rows are: {HOSTILE}"
    slow = Verdict("web-chromium-webgl", "web", "float32", "agree", rows=256, chosen_from=1617, fewer=why)
    some = dataclasses.replace(report, verdicts=(*report.verdicts, slow))
    for document in (some.to_html(), some._repr_html_()):
        assert f"web-chromium-webgl: 256 of 1,617 rows, {why}" in Tags(document).text


def test_hostile_names_are_text_and_never_markup(report):
    page = Tags(report.to_html())
    assert [tag for tag, _ in page.tags if tag in ("img", "script", "iframe", "object")] == []
    assert [a for _, attrs in page.tags for a in attrs if a.startswith("on")] == []
    assert sum(text.count(HOSTILE) for text in page.text) >= 8


def test_in_a_notebook_the_report_is_short_and_needs_no_style_sheet(report):
    page = Tags(report._repr_html_())
    assert {tag for tag, _ in page.tags} <= {"div", "span", "b", "table", "tr", "th", "td", "pre"}
    assert {a for _, attrs in page.tags for a in attrs} <= {"style"}
    assert sum(text.count(HOSTILE) for text in page.text) == 5, "name, version, kind, message, note"
    for said in ("1 of 1 checks failed: onnxruntime", "disagree", "5.0e-01"):
        assert any(said in text for text in page.text)


def test_it_loads_nothing_from_anywhere(report):
    page = report.to_html()
    places = [a[key] for _, a in Tags(page).tags for key in ("src", "href", "srcset", "action") if key in a]
    assert places
    assert all(place.startswith("data:") for place in places)
    assert "@import" not in page
    assert re.findall(r"url\(", page) == []


def test_the_verdict_comes_first_in_words(report):
    text = " ".join("".join(Tags(report.to_html()).text).split())
    assert "1 of 1 checks failed: onnxruntime" in text
    assert "the source model itself" in text


def test_the_plot_marks_what_lies_beyond_the_tolerance(report):
    (lane,) = plot_of(list(report.verdicts)).lanes
    over = {bar.label: bar.over for bar in lane.bars}
    assert over == {
        "no error at all": False, "error from 1e-9 to 1e-8": False, "error from 1e-8 to 1e-7": False,
        "error from 1e-1 to 1e0": True, "one side is not a number": True,
    }  # fmt: skip
    assert sorted(bar.rows for bar in lane.bars) == [1, 3, 20, 30, 46]
    beyond = [bar.x for bar in lane.bars if bar.over]
    assert all(x > lane.tolerance for x in beyond)


def test_no_formula_in_the_download_starts_behind_another_separator(report):
    text = urllib.parse.unquote(csv_link(report).partition(",")[2])
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(text), delimiter=separator):
            assert not [cell for cell in row if cell.lstrip().startswith(("=", "+", "@"))], (separator, row)


def test_spreadsheet_formulas_in_the_download_are_defused(report):
    link = csv_link(report)
    assert link.startswith("data:text/csv")
    rows = list(csv.reader(io.StringIO(urllib.parse.unquote(link.partition(",")[2]))))
    assert len(rows) == 3
    assert [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@")] == []
    assert "'=HYPERLINK(1);'=1+1" in rows[1]
    assert "a row of the sample (its values are not stored)" in rows[2]


def test_units_of_the_last_place_stand_in_a_table(report):
    text = " ".join("".join(Tags(report.to_html()).text).split())
    assert "runtimeprecision0 1 ≤ 2 ≤ 4 ≤ 16 ≤ 256 ≤ 65536 more".replace(" ", "") in text.replace(" ", "")
    assert "float3246–––50––4" in text.replace(" ", "")
