"""Cover, distress scores, Merton's default and the synthetic rating."""

from dataclasses import fields, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import fsolve
from scipy.stats import norm

from app.ui.places import put_at
from tests.models.sound import rates
from tests.workbooks.cases import Draw
from tests.workbooks.credit_cases import a_borrower
from valor_core.models.credit.altman import FORMS, ZForm, altman
from valor_core.models.credit.merton import MertonInputs, merton
from valor_core.models.credit.model import NEEDS, CreditInputs, Statements, credit, lacking
from valor_core.models.credit.rating import COVERS, SPREADS, FirmSize, rated_debt
from valor_core.models.credit.refusals import DefaultUnsolved, FigureNotPositive
from valor_core.models.fields import Unit, leaves

AMOUNTS = st.just(0.0) | rates(-1e9, 1e9)
POSITIVE = rates(1e-3, 1e9)
OVER = {"sales", "assets", "liabilities", "current_assets", "current_liabilities"}
STATEMENTS = st.builds(
    Statements,
    **{each.name: POSITIVE if each.name in OVER else AMOUNTS for each in fields(Statements)},
)
COMPANIES = st.builds(
    CreditInputs,
    now=STATEMENTS,
    before=STATEMENTS,
    assets_two_years_ago=POSITIVE,
    market_value=POSITIVE,
    price_index=POSITIVE,
)
EQUITIES = st.builds(
    MertonInputs,
    equity=rates(0.01, 1_000.0),
    equity_volatility=rates(0.05, 1.5),
    debt=rates(0.1, 1_000.0),
    risk_free=rates(-0.02, 0.15),
    years=rates(0.25, 3.0),
)


@settings(max_examples=80)
@given(COMPANIES)
def test_every_score_is_the_sum_of_its_terms_whatever_was_filed(company):
    result: Any = credit(company)

    for score, constant in ((result.z, 0.0), (result.o, -1.32), (result.m, -4.84), (result.f, 0.0)):
        terms = {
            name: value
            for name, value in leaves(score).items()
            if name not in {"score", "zone", "probability", "flagged"} and "." not in name
        }
        sizes = sum(map(abs, terms.values()))
        assert score.score == pytest.approx(sum(terms.values()) + constant, abs=1e-9 + 1e-9 * sizes)
    assert result.f_score in range(10)
    assert 0.0 <= result.failure_probability <= 1.0
    assert result.z.zone == np.clip(np.round(result.z.zone), -1.0, 1.0)


@given(st.integers(0, 10_000), rates(0.01, 100.0))
def test_in_another_currency_every_ratio_and_score_is_the_same(seed, factor):
    company = a_borrower(Draw(seed))

    def scaled(year):
        money = [each.name for each in fields(year) if each.metadata["unit"] is Unit.MONEY]
        return replace(year, **{name: factor * getattr(year, name) for name in money})

    other = credit(
        replace(
            company,
            now=scaled(company.now),
            before=scaled(company.before),
            assets_two_years_ago=factor * company.assets_two_years_ago,
            market_value=factor * company.market_value,
            price_index=factor * company.price_index,
        )
    )

    result = credit(company)
    assert (other.z_score, other.m_score) == pytest.approx((result.z_score, result.m_score))
    assert other.f_score == result.f_score
    assert other.failure_probability == pytest.approx(result.failure_probability)
    assert other.cover.interest_cover == pytest.approx(result.cover.interest_cover)


@pytest.mark.parametrize("form", ZForm)
def test_the_zones_lie_where_they_were_printed(form):
    stated = FORMS[form]

    def zone(score, constant=0.0):
        only = {"wc_ta": score / stated.weights[0], "re_ta": 0.0, "ebit_ta": 0.0, "equity_tl": 0.0}
        return altman(form, constant=constant, **only).zone

    assert [zone(stated.distress - 0.01), zone(stated.distress + 0.01)] == [-1.0, 0.0]
    assert [zone(stated.safe - 0.01), zone(stated.safe + 0.01)] == [0.0, 1.0]
    assert zone(stated.safe + 0.01, constant=3.25) == 1.0


def test_a_company_without_debt_or_interest_has_no_cover():
    company = a_borrower(Draw(1))
    free = replace(company.now, interest=0.0, short_term_debt=0.0, long_term_debt=0.0)

    cover = credit(replace(company, now=free)).cover

    assert (cover.interest_cover, cover.ebitda_cover, cover.funds_to_debt) == (None, None, None)
    assert cover.debt == 0.0


@given(COMPANIES, st.sampled_from(sorted({path for paths in NEEDS.values() for path in paths})))
def test_a_figure_that_is_not_filed_keeps_away_the_scores_that_need_it_and_changes_no_other(
    company, path
):
    before, after = credit(company), credit(put_at(company, path, None))

    for score, needed in NEEDS.items():
        expected = None if path in needed else getattr(before, score)
        assert getattr(after, score) == expected
        assert lacking(put_at(company, path, None), score) == ((path,) if path in needed else ())


def test_of_a_company_of_which_nothing_is_filed_nothing_is_said():
    result = credit(CreditInputs(now=Statements(), before=Statements()))

    assert [name for name in NEEDS if getattr(result, name) is not None] == []
    assert leaves(result) == {}


def test_what_a_ratio_is_taken_over_is_positive():
    company = a_borrower(Draw(1))

    with pytest.raises(FigureNotPositive, match="Total assets of 0"):
        credit(replace(company, before=replace(company.before, assets=0.0)))


def test_a_company_among_scenarios_has_the_scores_that_it_has_alone():
    company = a_borrower(Draw(3))
    values = np.array([100.0, 700.0, 1_500.0])

    batch: Any = credit(replace(company, market_value=values))

    for place, value in enumerate(values):
        alone: Any = credit(replace(company, market_value=float(value)))
        assert batch.z_score[place] == alone.z_score
        assert batch.z.zone[place] == alone.z.zone


@settings(max_examples=200)
@given(EQUITIES)
def test_the_assets_explain_the_equity_and_its_volatility(equity):
    result = merton(equity)

    root = np.sqrt(equity.years)
    spread = np.log(result.asset_value / equity.debt)
    drift = equity.risk_free + result.asset_volatility**2 / 2.0
    d1 = (spread + drift * equity.years) / (result.asset_volatility * root)
    d2 = d1 - result.asset_volatility * root
    owed = equity.debt * np.exp(-equity.risk_free * equity.years)
    call = result.asset_value * norm.cdf(d1) - owed * norm.cdf(d2)
    assert call == pytest.approx(equity.equity, rel=1e-6, abs=1e-9 * owed)
    volatility = norm.cdf(d1) * result.asset_volatility * result.asset_value / equity.equity
    assert volatility == pytest.approx(equity.equity_volatility, rel=1e-6)
    assert 0.0 <= result.default_probability <= 1.0
    assert result.default_probability == pytest.approx(norm.cdf(-d2), abs=1e-7)


def test_a_solver_of_two_equations_finds_the_same_assets():
    def off(unknown):
        value, volatility = np.exp(unknown)
        d1 = (np.log(value / 10.0) + 0.05 + volatility**2 / 2.0) / volatility
        call = value * norm.cdf(d1) - 10.0 * np.exp(-0.05) * norm.cdf(d1 - volatility)
        return [call - 3.0, norm.cdf(d1) * volatility * value - 0.8 * 3.0]

    found = np.asarray(fsolve(off, np.log([12.5, 0.2]), xtol=1e-13))
    value, volatility = np.exp(found)

    result = merton(MertonInputs(equity=3.0, equity_volatility=0.8, debt=10.0, risk_free=0.05))
    assert result.asset_value == pytest.approx(value, rel=1e-9)
    assert result.asset_volatility == pytest.approx(volatility, rel=1e-9)


def test_more_debt_is_more_likely_to_fail_and_growing_assets_less():
    equity = MertonInputs(equity=3.0, equity_volatility=0.8, debt=10.0, risk_free=0.05)
    debts = merton(replace(equity, debt=np.array([1.0, 5.0, 10.0, 20.0]))).default_probability

    assert (np.diff(debts) > 0.0).all()
    grown = merton(replace(equity, asset_drift=0.1)).default_probability
    assert grown < merton(equity).default_probability


def test_a_volatility_that_no_assets_explain_is_refused():
    with pytest.raises(DefaultUnsolved):
        merton(MertonInputs(equity=0.1065, equity_volatility=3.64, debt=1.0, risk_free=0.0))
    with pytest.raises(FigureNotPositive, match="Debt of 0"):
        merton(MertonInputs(equity=1.0, equity_volatility=0.3, debt=0.0, risk_free=0.0))


@pytest.mark.parametrize("size", FirmSize)
def test_better_cover_never_costs_more_and_each_rating_begins_at_its_cover(size):
    begins = COVERS[size]
    assert len(begins) == len(SPREADS) - 1
    assert all(low < high for low, high in pairwise(begins))
    assert all(worse[1] > better[1] for worse, better in pairwise(SPREADS))

    for place, cover in enumerate(begins, start=1):
        assert rated_debt(cover, size=size, risk_free=0.04).rating == SPREADS[place][0]
        below = rated_debt(cover - 1e-9, size=size, risk_free=0.04)
        assert below.rating == SPREADS[place - 1][0]


def test_the_rating_gives_a_dcf_its_cost_of_debt_and_odds_of_failure_for_a_batch_too():
    covers = np.array([-3.0, 1.1, 3.3, 20.0])

    debt = rated_debt(covers, size=FirmSize.LARGE, risk_free=0.04, years=10.0, recovery=0.4)

    assert debt.cost_of_debt.tolist() == pytest.approx([0.24, 0.1251, 0.0521, 0.0459])
    assert debt.failure_probability[2] == pytest.approx(1.0 - np.exp(-0.0121 * 10.0 / 0.6))
    assert (np.diff(debt.failure_probability) < 0.0).all()
