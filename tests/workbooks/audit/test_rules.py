"""Audits: mistakes are found with their cells, and sound workbooks are left in peace."""

import string
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis.strategies import data, floats, integers, lists, one_of, sampled_from

from tests.workbooks.audit.juice import juice_co
from tests.workbooks.audited import a_file, audited, grave
from tests.workbooks.cases import RANDOM_CASES
from tests.workbooks.files import export_of, packed, parts_of
from valor_core.settings import ROOT
from valor_core.workbooks.audit.findings import Severity
from valor_core.workbooks.audit.rules import FINDINGS_MAX, RULES, audit_workbook
from valor_core.workbooks.reading import name_of


def test_the_published_buyout_model_has_its_known_mistakes_and_no_other():
    found = audit_workbook(juice_co(mistaken=True))

    assert [(each.rule, each.where) for each in found.findings] == [
        ("terminal_growth", "DCF!C30"),
        ("terminal_growth", "DCF!C50"),
        ("mixed_rates", "'LBO Modelling'!C50:G50"),
    ]
    assert found.findings[0].formula == "=(M20*(1+C26))/(C26-C27)"
    assert (
        "C26 (WACC) of 11.4\xa0%, not at C27 (Perpetual growth) of 2\xa0%" in found.findings[0].said
    )
    assert "C35 (Sub debt interest rate) of 11\xa0%" in found.findings[2].way_out
    assert found.verdict == "3 errors in 19 formulas on 2 sheets."


def test_the_mended_buyout_model_is_left_in_peace():
    found = audit_workbook(juice_co(mistaken=False))

    assert found.findings == ()
    assert found.unread == 0


@pytest.mark.parametrize("name", sorted(RANDOM_CASES))
def test_our_own_exports_get_notes_at_most(name):
    for seed in range(4):
        found = audit_workbook(export_of(name, seed=seed))
        assert grave(found) == []
        assert found.unread == 0


YEARS = integers(5, 12)


@settings(max_examples=60, deadline=None)
@given(data(), YEARS, floats(0.01, 0.05))
def test_one_planted_mistake_is_found_and_the_plan_without_it_is_silent(data, years, growth):
    plan = a_plan(years, growth)
    column = data.draw(integers(3, years - 1), label="column")
    row, mistake, rule = data.draw(sampled_from(MISTAKES), label="mistake")
    assert grave(audited(*plan)) == []

    letter, before = string.ascii_uppercase[column], string.ascii_uppercase[column - 1]
    plan[row][column] = (mistake.format(at=letter, before=before), 1.0)
    if not mistake.startswith("="):
        plan[row][column] = float(mistake)

    assert (rule, f"Model!{name_of(row + 1, column + 1)}") in grave(audited(*plan))


def a_plan(years: int, growth: float) -> list[list]:
    """Revenue that grows, costs, profit, tax at one rate, and interest at one of two rates."""
    letters = string.ascii_uppercase[1 : years + 1]
    pairs = list(pairwise(letters))
    return [
        ["", *(f"Year {n}" for n in range(1, years + 1))],
        ["Growth rate", growth, *[None] * (years - 1)],
        ["Tax rate", 0.25],
        ["Bank interest rate", 0.06],
        ["Bond interest rate", 0.08],
        [""],
        ["Revenue", 100.0, *((f"={a}7*(1+$B$2)", 100.0 * (1 + growth)) for a, _ in pairs)],
        ["Costs", *((f"={a}7*0.5", 50.0) for a in letters)],
        ["Profit", *((f"={a}7-{a}8", 50.0) for a in letters)],
        ["Tax", *((f"={a}9*$B$3", 12.5) for a in letters)],
        ["Net profit", *((f"={a}9-{a}10", 37.5) for a in letters)],
        ["Bond", 400.0, *((f"={a}12+{a}11", 437.5) for a, _ in pairs)],
        ["Bond interest", *((f"={a}12*$B$5", 32.0) for a in letters)],
    ]


MISTAKES = [
    (6, "123.4", "hard_coded_row"),
    (8, "50.5", "hard_coded_row"),
    (6, "={before}7*(1+$B$3)", "mixed_rates"),
    (12, "={at}12*$B$4", "mixed_rates"),
    (8, "={at}7+{at}8", "sign_flip"),
    (8, "=-{at}7-{at}8", "sign_flip"),
    (10, "={at}9-{before}10", "broken_row"),
    (8, "={at}7-{at}8+7", "broken_row"),
    (9, "={at}8*$B$3", "broken_row"),
    (9, "=#REF!*$B$3", "error_value"),
    (10, "={at}9-{at}11", "circular_reference"),
]
"""Row of the plan, what is put into a cell of it, and the rule that must find it."""


def tv(formula: str, *more) -> list[list]:
    """Rates, a last flow, and a terminal value by this formula in B6."""
    return [
        ["WACC", 0.10], ["Terminal growth", 0.02], ["Inflation", 0.03], ["Year", 10.0],
        ["Flow of the last year", 50.0], ["Terminal value", (formula, 637.5)], *more,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "formula",
    [
        "=B5*(1+B1)/(B1-B2)",
        "=(1+B1)*B5/(B1-B2)",
        "=B5*(B1+1)/(B1-B2)/(1+B1)^10",
        "=B5/(B1-B2)*(1+$B$1)",
        "=(B5+B5*B1)/(B1-B2)",
        "=B5*(1+B1)/((B1-B2)*(1+B1)^B4)",
        "=IF(B1>B2,B5*(1+B1)/(B1-B2),0)",
        "=B5*(1+10%)/(10%-B2)",
        "=Model!B5*(1+Model!B1)/(B1-B2)",
        "=B7*B8",
        "=B9/B8",
        "=B10/(B1-B2)",
        "=B5*(1+wacc)/(B1-growth)",
    ],
)
def test_a_flow_grown_at_the_discount_rate_is_found_however_it_is_written(formula):
    more = [
        ["Grown over spread", ("=B5*(1+B1)/(B1-B2)", 700.0)],
        ["Spread", ("=B1-B2", 0.08)],
        ["Next year's flow", ("=B5*(1+B1)", 55.0)],
        ["Next year's flow again", ("=B9", 55.0)],
    ]

    def names(book):
        book.define_name("wacc", "=Model!$B$1")
        book.define_name("growth", "=Model!$B$2")

    found = audited(*tv(formula, *more), adjust=names)

    # B7 is the mistake where the formula only passes it on.
    place = "Model!B7" if formula == "=B7*B8" else "Model!B6"
    assert ("terminal_growth", place) in grave(found)


@pytest.mark.parametrize(
    "formula",
    [
        "=B5*(1+B2)/(B1-B2)",
        "=B5/(B1-B2)",
        "=B5*(1+B2)*(1-B2/B1)/(B1-B2)/(1+B1)^10",
        "=B5*(1+B2)*(1+B1)^-10/(B1-B2)",
        "=B5*(1+B1)/(B1-B2)*(1-((1+B2)/(1+B1))^B4)",
        "=B5*(1+B3)*(1+B2)/(B1-B2)",
        "=B5*(1+B1)",
        "=B5*(1+B1)/(B5-B4)",
    ],
)
def test_sound_perpetuities_and_annuities_are_left_in_peace(formula):
    assert grave(audited(*tv(formula))) == []


def test_a_third_rate_in_the_numerator_is_a_warning_and_an_equal_copy_a_note():
    third = audited(*tv("=B5*(1+B3)/(B1-B2)")).findings
    copy = audited(*tv("=B5*(1+B7)/(B1-B2)", ["Growth again", 0.02])).findings

    assert [(each.rule, each.severity) for each in third] == [("terminal_growth", Severity.WARNING)]
    assert [each.severity for each in copy] == [Severity.NOTE]


def test_interest_on_the_average_balance_and_over_a_base_rate_is_judged_too():
    debt = [
        ["Term loan A margin", 0.03], ["Term loan B margin", 0.045], ["Base rate", 0.02],
        ["Term loan A", 100.0, 90.0], ["Term loan B", 200.0, 190.0],
        ["Interest, term loan A", ("=AVERAGE(B4:C4)*($B$1+$B$3)", 4.75)],
        ["Interest, term loan B", ("=AVERAGE(B5:C5)*($B$1+$B$3)", 9.75)],
    ]  # fmt: skip

    assert grave(audited(*debt)) == [("mixed_rates", "Model!B7")]


def test_a_year_total_among_quarters_is_a_habit_and_no_break():
    quarters = "BCDE"
    table = [
        [name, *([(f"={q}{row + 10}*2", 2.0) for q in quarters] + [(f"=SUM(B{row}:E{row})", 8.0)]
        + [(f"={q}{row + 10}*2", 2.0) for q in "GHIJ"])]
        for row, name in enumerate("abcd", start=1)
    ]  # fmt: skip

    assert grave(audited(*table)) == []


def test_a_line_may_begin_with_history_and_end_with_a_terminal_year():
    line = ["Revenue", 90.0, 95.0, 100.0, *((f"={a}1*1.0", 100.0) for a in "DEFG"), ("=H1*A9", 1.0)]

    assert grave(audited(line)) == []


def test_a_number_typed_over_the_end_of_a_line_is_found_where_others_go_on():
    lines = [
        [name, 1.0, *((f"={a}{row}*2", 2.0) for a in "BCDE")]
        for row, name in enumerate("abc", start=1)
    ]
    assert grave(audited(*lines)) == []

    lines[1][-1] = 32.0

    assert grave(audited(*lines)) == [("hard_coded_row", "Model!F2")]
    assert grave(audited(lines[1])) == []


def test_tranches_may_stand_in_columns():
    table = [
        ["", "Senior", "Mezzanine"], ["Interest rate", 0.06, 0.11], ["Balance", 200.0, 50.0],
        ["Interest", ("=B3*$B$2", 12.0), ("=C3*$B$2", 3.0)],
    ]  # fmt: skip

    assert grave(audited(*table)) == [("mixed_rates", "Model!C4")]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([["Balance check", ("=B2-B3", 4.0)], ["Assets", 100.0], ["Funding", 96.0]],
         [("unbalanced", "Model!B1")]),
        ([["Balance check", ("=B2-B3", 1e-9)], ["Assets", 100.0], ["Funding", 100.0]], []),
        ([["Check size", ("=B2*2", 200.0)], ["Round", 100.0]], []),
        ([["Check", ("=B2=B3", False)], ["Assets", 100.0], ["Funding", 96.0]],
         [("unbalanced", "Model!B1")]),
        ([["Total assets", 100.0, 110.0], ["Total liabilities and equity", 100.0, 109.0]],
         [("unbalanced", "Model!C2")]),
        ([["Total assets", 352_583.0], ["Total liabilities & owners' equity", 352_582.0]], []),
        ([["Total assets", 100.0, "Total liabilities and equity", 99.0]],
         [("unbalanced", "Model!D1")]),
        ([["Total current assets", 50.0], ["Total liabilities and equity", 100.0]], []),
        ([["a", ("=B2", 0.0)], ["b", ("=B3+1", 0.0)], ["c", ("=SUM(B1:B1)", 0.0)]],
         [("circular_reference", "Model!B1")]),
        ([["a", ("=B1+1", 0.0)]], [("circular_reference", "Model!B1")]),
        ([["Capex", -10.0, -11.0, 12.0, -13.0, -14.0]], [("sign_flip", "Model!D1")]),
        ([["Net income", -10.0, -11.0, 12.0, -13.0, -14.0]], []),
        ([["a", 1.0, "1,234.5", 3.0]], [("text_number", "Model!C1")]),
        ([["a", "12%"], ["b", ("=B1*2", 0.24)]], [("text_number", "Model!B1")]),
        ([["Year", "2024", "2025", "2026"]], []),
        ([["a", ("=B2+250", 350.0)], ["b", 100.0]], [("typed_number", "Model!B1")]),
        ([["a", ("=B2*(1+0.05)", 105.0)], ["b", 100.0]], [("typed_number", "Model!B1")]),
        ([["a", ("=B2*1.05", 1.0), ("=C2*1.05", 1.0)], ["b", 1.0, 1.0]],
         [("typed_number", "Model!B1")]),
        ([["a", ("=B2*12/365+ROUND(B2,2)/1000", 1.0)], ["b", 100.0]], []),
        ([["a", ("=B2*[1]Old!A1", 1.0)], ["b", 100.0]], [("external_link", "Model!B1")]),
    ],
)  # fmt: skip
def test_each_mistake_is_found_and_its_sound_twin_is_not(rows, found):
    assert grave(audited(*rows)) == found


def test_an_error_is_told_where_it_begins():
    book = audited(
        ["a", ("=1/B4", "#DIV/0!")], ["b", ("=B1*2", "#DIV/0!")], ["c", ("=B2", "#DIV/0!")]
    )

    assert grave(book) == [("error_value", "Model!B1")]


def test_a_circle_that_excel_may_iterate_is_a_warning():
    parts = parts_of(a_file({"Model": [["a", ("=B2", 0.0)], ["b", ("=B1", 0.0)]]}))
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(
        b"<calcPr ", b'<calcPr iterate="1" '
    )

    (finding,) = audit_workbook(packed(parts)).findings

    assert finding.severity is Severity.WARNING


def test_macros_are_told_of_the_workbook_as_a_whole():
    parts = {**parts_of(a_file({"Model": [["a", 1.0]]})), "xl/vbaProject.bin": b"Sub Auto_Open()"}

    (finding,) = audit_workbook(packed(parts)).findings

    assert (finding.rule, finding.severity, finding.where) == ("macros", "note", "workbook")


def test_hidden_inputs_are_told_once_a_row_column_or_sheet():
    def hide(book):
        sheet, aside = book.worksheets()
        sheet.set_row(1, None, None, {"hidden": True})
        sheet.set_column("E:E", None, None, {"hidden": True})
        aside.hide()

    raw = a_file(
        {
            "Model": [
                ["Sum", ("=SUM(B2:C3)+Aside!A1", 10.0)],
                ["Hidden", 1.0, 2.0],
                ["Seen", 3.0, 4.0, None, 5.0, ("=E3", 5.0)],
            ],
            "Aside": [[1.0, 2.0]],
        },
        adjust=hide,
    )

    assert sorted(grave(audit_workbook(raw))) == [
        ("hidden_input", "Aside"),
        ("hidden_input", "Model!B2:C2"),
        ("hidden_input", "Model!E3"),
    ]


PARTS = sampled_from(
    [
        "A1",
        "$B$2",
        "C$3",
        "A1:B3",
        "A:A",
        "2:3",
        "Model!B1",
        "Gone!A1",
        "rate",
        "SUM(",
        "IF(",
        ")",
        "*",
        "/",
        "+",
        "-",
        "^",
        "%",
        ",",
        "(",
        ")",
        "1",
        "0.05",
        "250",
        '"x"',
        "#REF!",
        "[1]S!A1",
    ]
)
CELLS = one_of(
    floats(-1e6, 1e6),
    sampled_from(
        ["Total assets", "Total liabilities and equity", "check", "Sub interest rate", "12%"]
    ),
    lists(PARTS, min_size=1, max_size=8).map(lambda parts: ("=" + "".join(parts), 0.5)),
)


@settings(max_examples=150, deadline=None)
@given(lists(lists(CELLS, max_size=7), max_size=7))
def test_any_workbook_is_audited_to_its_end(rows):
    found = audited(*rows)

    assert found.formulas == sum(isinstance(cell, tuple) for row in rows for cell in row)
    assert all(each.said and each.way_out and each.where for each in found.findings)


def test_formulas_that_are_not_understood_are_counted():
    assert audited(["a", ("=B2:INDEX(B:B,3)", 1.0)]).unread == 1


def test_a_rule_that_finds_hundreds_shows_some_and_says_so():
    found = audited(*([f"line {n}", ("=1/0", "#DIV/0!")] for n in range(FINDINGS_MAX + 7)))

    assert (len(found.findings), found.left_out) == (FINDINGS_MAX, 7)


def test_the_gravest_stand_first():
    found = audited(
        ["a", ("=B2*0.37", 1.0), ("=B2+250", 1.0), ("=1/0", "#DIV/0!")], ["b", 100.0]
    ).findings

    assert [each.severity for each in found] == ["error", "warning", "note"]


def test_each_rule_has_a_name_of_its_own_and_its_line_in_the_documentation():
    told = (ROOT / "docs" / "workbooks.md").read_text(encoding="utf-8")

    lines = [line.split("`")[1] for line in told.splitlines() if line.startswith("| `")]
    assert sorted(lines) == sorted(rule.name for rule in RULES)
