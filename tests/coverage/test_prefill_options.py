import pytest

from tests.coverage.test_prefill import BOOK
from valor_core.coverage.figures import DEFAULT
from valor_core.coverage.prefill_options import (
    ProjectDcf,
    prefill_flexible_project,
    prefill_real_option,
    right_of_kind,
)
from valor_core.models.fields import leaves
from valor_core.models.options.project import flexible_project
from valor_core.models.options.real_option import RealOptionKind, real_option

KO = BOOK["KO"]
SAVED = ProjectDcf(
    named="the DCF of a test",
    enterprise_value=80e9,
    first_cash_flow=4e9,
    risk_free=0.05,
    facts=(),
)


def test_the_saved_dcf_gives_value_yield_and_rate():
    inputs = prefill_real_option(KO.company, KO.facts, saved=SAVED).inputs

    assert inputs.project_value == 80e9
    assert inputs.cash_yield == 0.05
    assert inputs.rate == pytest.approx(0.04879, abs=1e-5)


def test_every_number_says_where_it_comes_from_and_what_is_nobodys_is_a_default():
    for prefill in (prefill_real_option, prefill_flexible_project):
        start = prefill(KO.company, KO.facts)

        told = {path: source.author for path, source in start.sources.items()}
        assert set(leaves(start.inputs)) == set(told)
        assert told["volatility"] == DEFAULT
        assert not told["project_value"]


@pytest.mark.parametrize("kind", RealOptionKind)
def test_a_right_of_each_kind_begins_with_terms_that_have_a_value(kind):
    start = prefill_real_option(KO.company, KO.facts).inputs

    assert real_option(right_of_kind(start, kind)).methods.closed_form > 0.0


def test_several_rights_begin_with_more_than_the_project_alone():
    start = prefill_flexible_project(KO.company, KO.facts).inputs

    assert flexible_project(start).option_value > 0.0
