"""Formulas as patterns and trees, held against openpyxl's reading of the same formulas."""

from contextlib import suppress
from io import BytesIO

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers, lists, sampled_from, text
from openpyxl.formula.tokenizer import Token, Tokenizer
from openpyxl.formula.translate import Translator

from tests.workbooks.cases import RANDOM_CASES
from tests.workbooks.files import export_of
from valor_core.workbooks.audit.formula import (
    Area,
    Call,
    Number,
    Power,
    Product,
    Ref,
    Sum,
    Unread,
    formula_at,
    pattern_of,
    tree_of,
    walk,
)
from valor_core.workbooks.reading import name_of

HERE = (30, 3)


def tree(formula: str):
    return tree_of(pattern_of(formula, HERE))


A, B, C = (tree(f"{letter}1") for letter in "ABC")


def cells_of(formula: str) -> set[str]:
    """The addresses in a formula, as we read it in C30."""
    found = set()
    for node in walk(tree(formula)):
        if isinstance(node, Ref):
            found.add(name_of(*node.at(*HERE)))
        elif isinstance(node, Area):
            found.add(f"{name_of(*node.first.at(*HERE))}:{name_of(*node.last.at(*HERE))}")
    return found


@pytest.mark.parametrize("name", sorted(RANDOM_CASES))
def test_every_formula_of_our_exports_reads_the_cells_that_openpyxl_finds(name):
    book = openpyxl.load_workbook(BytesIO(export_of(name, seed=2)))
    formulas = [
        cell.value for sheet in book for row in sheet.iter_rows() for cell in row
        if isinstance(cell.value, str) and cell.value.startswith("=")
    ]  # fmt: skip

    for formula in formulas:
        theirs = {
            each.value.rpartition("!")[2].replace("$", "")
            for each in Tokenizer(formula).items
            if each.subtype == Token.RANGE
        }
        assert cells_of(formula[1:]) == theirs


REFS = ("A5", "$B$7", "C$9", "$D11", "'A sheet'!E13", "Sheet1!$F$15", "G17:H19")
SIGNS = ("+", "-", "*", "/", "^", "&", "=", ",")


@given(
    refs=lists(sampled_from(REFS), min_size=1, max_size=6),
    signs=lists(sampled_from(SIGNS), min_size=6, max_size=6),
    down=integers(-4, 50),
    right=integers(0, 50),
)
def test_a_copied_formula_is_the_same_pattern_and_is_shown_as_openpyxl_translates_it(
    refs, signs, down, right
):
    formula = "SUM(" + "".join(f"{ref}{sign}" for ref, sign in zip(refs, signs, strict=False))
    formula = formula[:-1] + ")"
    there = (HERE[0] + down, HERE[1] + right)

    copied = formula_at(formula, HERE, there)

    origin, target = name_of(*HERE), name_of(*there)
    assert f"={copied}" == Translator(f"={formula}", origin=origin).translate_formula(target)
    assert pattern_of(copied, there) == pattern_of(formula, HERE)


@settings(max_examples=300)
@given(text("AB12$:!'\"()+-*/^&=<>,;{}%#@ .[]Rr_é", max_size=40))
def test_any_text_is_a_tree_or_is_said_to_be_unread(formula):
    with suppress(Unread):
        assert list(walk(tree(formula)))


@pytest.mark.parametrize(
    "formula", ["(" * 5_000, "1" + "^1" * 4_000, "(-" * 100 + "1" + ")" * 100, "A1+" * 5_000]
)
def test_a_formula_that_goes_too_deep_is_unread(formula):
    with pytest.raises(Unread):
        assert tree(formula) is None


def test_a_long_chain_is_one_flat_sum():
    assert tree("+".join(["A1"] * 1_500)) == Sum(((1, A),) * 1_500)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("A1-(B1-C1)", Sum(((1, A), (-1, B), (1, C)))),
        ("A1/(B1/C1)", Product(((1, A), (-1, B), (1, C)))),
        ("-A1", Sum(((-1, A),))),
        ("-2^2", Power(Number(-2.0), Number(2.0))),
        ("A1^2*B1", Product(((1, Power(A, Number(2.0))), (1, B)))),
        ("5%", Number(0.05)),
        ("A1%", Product(((1, A), (-1, Number(100.0))))),
        ("(A1)", A),
        ("+A1", A),
        ("_xlfn.MAX(A1,B1)", Call("MAX", (A, B))),
        ("A1&B1&C1", Call("&", (A, B, C))),
        ("A1<=B1", Call("<=", (A, B))),
    ],
)
def test_formulas_bind_as_excel_binds_them(formula, expected):
    assert tree(formula) == expected


def test_a_function_of_a_cells_name_is_no_cell():
    assert cells_of("LOG10(A1)+ATAN2(B2,1)") == {"A1", "B2"}


def test_whole_columns_and_rows_are_areas():
    assert cells_of("SUM(A:B)") == {"A1:B1048576"}
    assert cells_of("SUM($3:4)") == {"A3:XFD4"}
