"""Buyouts as textbooks, memos and engines print them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from valor_core.models.fields import Unit, says, settle
from valor_core.models.lbo.buyout import LboInputs, LboResult, leveraged_buyout
from valor_core.models.lbo.debt import InterestOn, Sweep, SweepOf
from valor_core.models.lbo.effective_interest import EffectiveInterestInputs, effective_interest
from valor_core.models.lbo.funding import Funding, Purchase, sources_and_uses
from valor_core.models.lbo.holders import Holders, ManagementPool
from valor_core.models.lbo.operations import Operations
from valor_core.models.lbo.tranches import Revolver, Tranche
from valor_core.models.numbers import Numbers
from valor_core.models.paths import Fade, Path, constant
from valor_core.models.published.method import Method
from valor_core.models.taxes import TaxBase, Taxes

TERM_LOAN_AMORTISATION = 0.01  # a year, of institutional term loans
USUAL_HOLD = 5  # years, where a case says nothing of its length
DAYS_A_YEAR = 365.25


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCase:
    """A layer of debt; what is not named is nothing."""

    face: Numbers = field(default=0.0, metadata=says("face, or drawn at close", Unit.MONEY))
    issue_price: Numbers | None = field(
        default=None, metadata=says("what one unit of face brings", Unit.RATIO)
    )
    fee_pct: Numbers | None = field(
        default=None, metadata=says("fee as a share of face", Unit.RATE)
    )
    cash_rate: Numbers = field(default=0.0, metadata=says("coupon or margin", Unit.RATE))
    pik_rate: Numbers | None = field(default=None, metadata=says("coupon in kind", Unit.RATE))
    amort_pct_of_original: Path | None = field(
        default=None, metadata=says("repaid each year, of the face drawn", Unit.RATE)
    )
    sweep: bool = field(default=False, metadata=says("excess cash repays it"))
    pari_passu: bool = field(default=False, metadata=says("ranks with the layer before it"))
    floating: bool = field(default=False, metadata=says("the base rate comes on top"))
    floor: Numbers = field(default=0.0, metadata=says("least base rate", Unit.RATE))
    maturity: int | None = field(default=None, metadata=says("year of repayment"))
    commitment: Numbers | None = field(
        default=None, metadata=says("most that can be drawn", Unit.MONEY)
    )
    undrawn_fee: Numbers = field(default=0.0, metadata=says("fee on the rest", Unit.RATE))

    def __post_init__(self) -> None:
        settle(self)

    def tranche(self) -> Tranche:
        """The layer as term debt."""
        return Tranche(
            face=self.face,
            issue_price=self.issue_price,
            fee=self.fee_pct,
            cash_rate=self.cash_rate,
            pik_rate=self.pik_rate,
            amortisation=self.amort_pct_of_original,
            sweeps=self.sweep,
            pari_passu=self.pari_passu,
            floats=self.floating,
            floor=self.floor,
            maturity=self.maturity,
        )

    def revolver(self) -> Revolver:
        """The layer as a revolver; its fee is one of the commitment."""
        return Revolver(
            commitment=self.face if self.commitment is None else self.commitment,
            drawn=self.face,
            fee=self.fee_pct,
            cash_rate=self.cash_rate,
            undrawn_fee=self.undrawn_fee,
            floats=self.floating,
            floor=self.floor,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingCase:
    """A purchase and the layers that fund it, most senior first; what is not named is nothing."""

    ltm_ebitda: Numbers = field(metadata=says("EBITDA of the last twelve months", Unit.MONEY))
    entry_multiple: Numbers = field(metadata=says("entry multiple", Unit.RATIO))
    existing_debt: Numbers = field(default=0.0, metadata=says("debt repaid", Unit.MONEY))
    existing_cash: Numbers = field(default=0.0, metadata=says("cash held", Unit.MONEY))
    revolver: LayerCase | None = field(default=None, metadata=says("revolver, also its face alone"))
    senior: LayerCase | None = field(
        default=None, metadata=says("senior debt, also its face alone")
    )
    first_lien: LayerCase | None = field(
        default=None, metadata=says("first lien, also its face alone")
    )
    unitranche: LayerCase | None = field(
        default=None, metadata=says("unitranche, also its face alone")
    )
    term_loan: LayerCase | None = field(
        default=None, metadata=says("term loan, also its face alone")
    )
    tla: LayerCase | None = field(default=None, metadata=says("term loan A, also its face alone"))
    tlb: LayerCase | None = field(default=None, metadata=says("term loan B, also its face alone"))
    senior_notes: LayerCase | None = field(
        default=None, metadata=says("senior notes, also its face alone")
    )
    notes: LayerCase | None = field(default=None, metadata=says("notes, also its face alone"))
    second_lien: LayerCase | None = field(
        default=None, metadata=says("second lien, also its face alone")
    )
    subordinated: LayerCase | None = field(
        default=None, metadata=says("subordinated debt, also its face alone")
    )
    mezz: LayerCase | None = field(default=None, metadata=says("mezzanine, also its face alone"))
    pik_notes: LayerCase | None = field(
        default=None, metadata=says("PIK notes, also its face alone")
    )
    seller_note: LayerCase | None = field(
        default=None, metadata=says("seller note, also its face alone")
    )
    tranches: tuple[LayerCase, ...] = field(default=(), metadata=says("further layers"))
    rollover: Numbers = field(default=0.0, metadata=says("equity left by sellers", Unit.MONEY))
    cash_from_bs: Numbers = field(default=0.0, metadata=says("cash that pays", Unit.MONEY))
    cash_to_bs: Numbers = field(default=0.0, metadata=says("cash put in", Unit.MONEY))
    transaction_fees: Numbers = field(default=0.0, metadata=says("transaction fees", Unit.MONEY))
    transaction_fee_pct_ev: Numbers = field(
        default=0.0, metadata=says("transaction fees as a share of EV", Unit.RATE)
    )
    financing_fees: Numbers = field(default=0.0, metadata=says("financing fees", Unit.MONEY))
    change_of_control: Numbers = field(default=0.0, metadata=says("to management", Unit.MONEY))
    other_uses: Numbers = field(default=0.0, metadata=says("other uses", Unit.MONEY))

    def __post_init__(self) -> None:
        settle(self)

    def purchase(self) -> Purchase:
        """What is bought, at which price."""
        return Purchase(
            ebitda=self.ltm_ebitda,
            multiple=self.entry_multiple,
            debt=self.existing_debt,
            cash=self.existing_cash,
            cash_used=self.cash_from_bs,
            cash_funded=self.cash_to_bs,
            rollover=self.rollover,
            fees=self.transaction_fees,
            fee_rate=self.transaction_fee_pct_ev,
            financing_fees=self.financing_fees,
            other_uses=self.change_of_control + self.other_uses,
        )

    def layers(self) -> Iterator[tuple[str, LayerCase]]:
        """Term debt by name, the most senior first."""
        for each in fields(self):
            layer = getattr(self, each.name)
            if isinstance(layer, LayerCase) and each.name != "revolver":
                yield each.name, layer
        for place, layer in enumerate(self.tranches):
            yield f"tranche{place + 1}", layer

    def funding(self) -> Funding:
        """Sources and uses."""
        revolver = None if self.revolver is None else self.revolver.revolver()
        term_debt = [layer.tranche() for _, layer in self.layers()]
        return sources_and_uses(self.purchase(), term_debt, revolver)


def funding_lines(funding: Funding) -> dict[str, Any]:
    """Sources and uses by the names that published tables give them."""
    equity = funding.sponsor_equity + funding.rollover
    return {
        "enterprise_value": funding.enterprise_value,
        "net_debt": funding.net_debt,
        "equity_price": funding.equity_price,
        "oid": funding.issue_discount,
        "transaction_fees": funding.transaction_fees,
        "financing_fees": funding.financing_fees,
        "total_uses": funding.total_uses,
        "total_sources": funding.debt + funding.rollover + funding.cash_used
        + funding.sponsor_equity,
        "total_debt": funding.debt,
        "debt_proceeds": funding.debt - funding.issue_discount,
        "sponsor_equity": funding.sponsor_equity,
        "total_equity": equity,
        "total_capitalisation": funding.debt + equity,
        "leverage": funding.leverage,
        "equity_contribution": funding.equity_share,
        "sponsor_ownership": funding.sponsor_share,
        "rollover_ownership": 1.0 - funding.sponsor_share,
        "opening_cash": funding.opening_cash,
    }  # fmt: skip


def funded(case: FundingCase) -> dict[str, Any]:
    """Sources and uses at close."""
    return funding_lines(case.funding())


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCase:
    """Debt whose capitalised cost is released until it matures.

    A loan that is held for a shorter time than it runs is an institutional term loan, which
    repays 1 % of its face a year unless the case says otherwise; a bond repays at maturity.
    """

    face: Numbers = field(metadata=says("face", Unit.MONEY))
    coupon: Numbers = field(metadata=says("coupon", Unit.RATE))
    pik_rate: Numbers = field(default=0.0, metadata=says("coupon in kind", Unit.RATE))
    capitalised_cost: Numbers = field(metadata=says("fees and discount", Unit.MONEY))
    periods_to_full_release: int = field(metadata=says("years of the release", Unit.YEARS))
    hold_periods: int | None = field(
        default=None, metadata=says("years until the exit; none: to maturity", Unit.YEARS)
    )
    amort_pct_of_original: Path | None = field(
        default=None, metadata=says("repaid each year, of the face", Unit.RATE)
    )

    def __post_init__(self) -> None:
        settle(self)

    def repaid(self) -> Path:
        """What is repaid each year."""
        if self.amort_pct_of_original is not None:
            return self.amort_pct_of_original
        held_to_the_end = (self.hold_periods or self.periods_to_full_release) >= (
            self.periods_to_full_release
        )
        return constant(0.0 if held_to_the_end else TERM_LOAN_AMORTISATION)


def released(case: ReleaseCase) -> dict[str, Any]:
    """The charge of each year held, and what the exit writes off."""
    result = effective_interest(
        EffectiveInterestInputs(
            face=case.face,
            costs=case.capitalised_cost,
            years=case.periods_to_full_release,
            cash_rate=case.coupon,
            pik_rate=case.pik_rate,
            amortisation=case.repaid(),
        )
    )
    held = min(case.hold_periods or case.periods_to_full_release, case.periods_to_full_release)
    return {
        "effective_rate": result.effective_rate,
        "rate_uplift": result.effective_rate - case.coupon - case.pik_rate,
        "amortisation": result.charges[:held],
        "balance": result.unamortised[:held],
        "carrying_amount": result.carrying_amounts[:held],
        "total_released": result.charges[:held].sum(),
        "written_off_at_exit": result.unamortised[held - 1] if held else case.capitalised_cost,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyoutCase(FundingCase):
    """A buyout of `periods` years; without them the forecast is as long as a row or the day count.

    As sources print them: interest on opening balances, tax on EBIT, and a sweep of the year's
    cash flow, unless the case says otherwise.
    """

    revenue0: Numbers = field(metadata=says("revenue of the year before", Unit.MONEY))
    periods: int | None = field(default=None, metadata=says("years to the exit", Unit.YEARS))
    days: Numbers | None = field(default=None, metadata=says("days to the exit"))
    growth: Path = field(metadata=says("growth of revenue", Unit.RATE))
    ebitda_margin: Path = field(metadata=says("EBITDA by revenue", Unit.RATE))
    da_pct: Path = field(default=constant(0.0), metadata=says("depreciation", Unit.RATE))
    capex_pct: Path = field(default=constant(0.0), metadata=says("capital expenditure", Unit.RATE))
    nwc_pct: Path = field(default=constant(0.0), metadata=says("working capital", Unit.RATE))
    nwc0: Numbers | None = field(default=None, metadata=says("working capital at close"))
    tax_rate: Path = field(metadata=says("tax rate", Unit.RATE))
    tax_base: TaxBase = field(default=TaxBase.UNLEVERED, metadata=says("EBIT, or EBT"))
    nol: Numbers = field(default=0.0, metadata=says("losses carried forward", Unit.MONEY))
    nol_limit: Numbers | None = field(default=None, metadata=says("part sheltered", Unit.RATE))
    interest_cap: Numbers | None = field(default=None, metadata=says("cap by EBITDA", Unit.RATE))
    fees_deductible: bool = field(default=False, metadata=says("released costs are deducted"))
    interest_basis: InterestOn = field(
        default=InterestOn.OPENING, metadata=says("balance that bears interest")
    )
    base_rate: Path = field(default=constant(0.0), metadata=says("base rate", Unit.RATE))
    minimum_cash: Numbers = field(default=0.0, metadata=says("least cash", Unit.MONEY))
    cash_interest_rate: Numbers | None = field(default=None, metadata=says("on cash", Unit.RATE))
    sweep_pct: Numbers | None = field(default=None, metadata=says("part swept", Unit.RATE))
    sweep_of: SweepOf = field(default=SweepOf.CASH_FLOW, metadata=says("what is swept"))
    exit_multiple: Numbers | None = field(
        default=None, metadata=says("exit multiple; none: the entry multiple", Unit.RATIO)
    )
    exit_fee_pct: Numbers = field(default=0.0, metadata=says("cost of sale by EV", Unit.RATE))
    sponsor_share: Numbers | None = field(default=None, metadata=says("of common", Unit.RATE))
    rollover_share: Numbers | None = field(default=None, metadata=says("of common", Unit.RATE))
    preferred_share: Numbers = field(
        default=0.0, metadata=says("preferred part of the sponsor's equity", Unit.RATE)
    )
    preferred_rate: Numbers = field(default=0.0, metadata=says("its return", Unit.RATE))
    pool_share: Numbers = field(default=0.0, metadata=says("managers' part", Unit.RATE))
    pool_strike: Numbers = field(default=0.0, metadata=says("cost of exercise", Unit.MONEY))

    def __post_init__(self) -> None:
        settle(self)

    def years(self) -> int:
        """The forecast years."""
        if self.periods is not None:
            return self.periods
        if self.days is not None:
            return max(round(self.days / DAYS_A_YEAR), 1)
        rows = [path for path in (self.growth, self.ebitda_margin) if not isinstance(path, Fade)]
        return len(rows[0]) if rows else USUAL_HOLD

    def inputs(self) -> LboInputs:
        """The case as the model takes it."""
        years, rollover_share = self.years(), self.rollover_share
        if rollover_share is None and self.sponsor_share is not None:
            rollover_share = 1.0 - self.sponsor_share
        multiple = self.entry_multiple if self.exit_multiple is None else self.exit_multiple
        return LboInputs(
            years=years,
            exit_year=years,
            purchase=self.purchase(),
            operations=Operations(
                revenue=self.revenue0,
                growth=self.growth,
                margin=self.ebitda_margin,
                depreciation=self.da_pct,
                capital_expenditure=self.capex_pct,
                working_capital=self.nwc_pct,
                working_capital_before=self.nwc0,
            ),
            taxes=Taxes(
                rate=self.tax_rate,
                base=self.tax_base,
                losses=self.nol,
                loss_limit=self.nol_limit,
                interest_cap=self.interest_cap,
                deducts_costs=self.fees_deductible,
            ),
            tranches=tuple(layer.tranche() for _, layer in self.layers()),
            revolver=None if self.revolver is None else self.revolver.revolver(),
            base_rate=self.base_rate,
            interest_on=self.interest_basis,
            minimum_cash=self.minimum_cash,
            cash_rate=self.cash_interest_rate,
            sweep=Sweep(share=self.sweep_pct, of=self.sweep_of),
            exit_multiple=multiple,
            exit_costs=self.exit_fee_pct,
            holders=Holders(
                preferred=self.preferred_share,
                preferred_rate=self.preferred_rate,
                rollover_share=rollover_share,
                pool=ManagementPool(share=self.pool_share, strike=self.pool_strike),
            ),
            year_length=1.0 if self.days is None else self.days / 365.0 / years,
        )


def bought_out(case: BuyoutCase) -> dict[str, Any]:
    """The deal from close to exit, by the names that published examples give its lines."""
    inputs = case.inputs()
    result = leveraged_buyout(inputs)
    names = [name for name, _ in case.layers()]
    equity = result.funding.sponsor_equity + result.funding.rollover
    hold = inputs.years * inputs.year_length
    to_equity = result.sponsor_proceeds[-1] + result.rollover_proceeds[-1]
    lines = funding_lines(result.funding) | {
        f"period{year + 1}": _period(result, names, year) for year in range(inputs.years)
    }
    return lines | {
        "exit_ebitda": result.ebitda[-1],
        "exit_ev": result.exit_enterprise_value[-1],
        "exit_debt": result.debt[-1],
        "exit_cash": result.cash[-1],
        "exit_net_debt": result.net_debt[-1],
        "exit_costs": result.exit_costs[-1],
        "exit_equity": result.exit_equity[-1],
        "sponsor_proceeds": result.sponsor_proceeds[-1],
        "rollover_proceeds": result.rollover_proceeds[-1],
        "management_proceeds": result.management_proceeds[-1],
        "preferred_claim": result.preferred_claim[-1],
        "moic": result.moic,
        "moic_sponsor": result.moic,
        "moic_total": result.equity_moic,
        "irr": result.irr,
        "irr_sponsor": result.irr,
        "irr_total": (to_equity / equity) ** (1.0 / hold) - 1.0,
        "attribution": {
            "ebitda_growth": result.from_ebitda_growth[-1] + result.from_add_ons[-1],
            "multiple_change": result.from_multiple[-1],
            "debt_paydown": result.from_deleveraging[-1],
            "costs": result.from_costs[-1],
            "total": result.value_created[-1],
        },
    }


def _period(result: LboResult, names: list[str], year: int) -> dict[str, Any]:
    """A year's lines, each tranche's closing balance by its name."""
    lines: dict[str, Any] = {
        "revenue": result.revenues[year],
        "ebitda": result.ebitda[year],
        "ebit": result.ebitda[year] - result.depreciation[year],
        "tax": result.tax[year],
        "capex": result.capital_expenditure[year],
        "change_in_nwc": result.working_capital_added[year],
        "ufcf": result.free_cash_flow[year] + result.cash_interest[year],
        "fcf": result.free_cash_flow[year],
        "cash_interest": result.cash_interest[year],
        "pik": result.pik_interest[year],
        "mandatory": result.mandatory[year],
        "sweep": result.swept[year],
        "fees_amortised": result.costs_released[year],
        "cash": result.cash[year],
        "debt": result.debt[year],
        "net_debt": result.net_debt[year],
    }
    if result.revolver is not None:
        lines["revolver"] = result.revolver.closing[year]
    return lines | {
        name: tranche.closing[year] for name, tranche in zip(names, result.tranches, strict=True)
    }


PATHS = frozenset(
    {"amort_pct_of_original", "growth", "ebitda_margin", "da_pct", "capex_pct", "nwc_pct"}
    | {"tax_rate", "base_rate"}
)
LAYER_SPELLINGS = {
    "issue": "issue_price",
    "price": "issue_price",
    "amount": "face",
    "drawn": "face",
    "rate": "cash_rate",
    "coupon": "cash_rate",
    "interest_rate": "cash_rate",
    "margin": "cash_rate",
    "spread": "cash_rate",
    "pik": "pik_rate",
    "fee": "fee_pct",
    "financing_fee_pct": "fee_pct",
    "amort": "amort_pct_of_original",
    "amortisation": "amort_pct_of_original",
    "amortization": "amort_pct_of_original",
    "amort_pct": "amort_pct_of_original",
    "mandatory_amortization": "amort_pct_of_original",
    "swept": "sweep",
    "commitment_fee": "undrawn_fee",
}
DEAL_SPELLINGS = {
    "term_loan_a": "tla",
    "term_loan_b": "tlb",
    "senior_debt": "senior",
    "high_yield": "notes",
    "bonds": "notes",
    "sub_debt": "subordinated",
    "mezzanine": "mezz",
    "cash_from_balance_sheet": "cash_from_bs",
    "cash_to_balance_sheet": "cash_to_bs",
    "rollover_equity": "rollover",
    "transaction_fee_pct": "transaction_fee_pct_ev",
    "amortisation": "amort_pct_of_original",
    "amort_pct": "amort_pct_of_original",
    "cost": "capitalised_cost",
    "years": "periods",
    "exit_year": "periods",
    "hold_years": "periods",
    "holding_period": "periods",
    "revenue_growth": "growth",
    "margin": "ebitda_margin",
    "depreciation_pct": "da_pct",
    "min_cash": "minimum_cash",
    "cash_sweep": "sweep_pct",
    "sweep_rate": "sweep_pct",
    "exit_costs_pct": "exit_fee_pct",
    "interest": "interest_basis",
    "day_count": "days",
}


def spelt_out(stated: dict[str, Any]) -> dict[str, Any]:
    """Layers and paths in full: a layer may be its face alone, a path one number."""
    named = {DEAL_SPELLINGS.get(name, name): value for name, value in stated.items()}
    layers = {each.name for each in fields(FundingCase) if each.type == (LayerCase | None)}
    for name in layers & named.keys():
        named[name] = _layer_spelt_out(named[name])
    if isinstance(named.get("tranches"), list):
        named["tranches"] = [_layer_spelt_out(layer) for layer in named["tranches"]]
    if isinstance(named.get("tax_base"), str):
        named["tax_base"] = _tax_base(named["tax_base"])
    if isinstance(named.get("days"), str):
        named["days"] = _days(named["days"])
    return {
        name: _path_spelt_out(name, value) for name, value in named.items() if value is not None
    }


def _tax_base(text: str) -> str:
    """EBIT and unlevered mean the same, as do EBT, pre-tax profit and levered."""
    words = text.lower()
    unlevered = "unlevered" in words or words.startswith("ebit")
    return (TaxBase.UNLEVERED if unlevered else TaxBase.LEVERED).value


def _days(text: str) -> float | None:
    """The days to the exit that a day count names."""
    named = re.search(r"(\d+) days", text)
    return float(named[1]) if named else None


def _layer_spelt_out(layer: Any) -> Any:
    if isinstance(layer, (int, float)) and not isinstance(layer, bool):
        return {"face": layer}
    if not isinstance(layer, dict):
        return layer
    named = {LAYER_SPELLINGS.get(name, name): value for name, value in layer.items()}
    named = {name: value for name, value in named.items() if name not in ("name", "label")}
    return {name: _path_spelt_out(name, value) for name, value in named.items()}


def _path_spelt_out(name: str, value: Any) -> Any:
    """One number for all years is a fade that goes nowhere."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return {"start": value} if name in PATHS and is_number else value


def with_short_forms(stated: dict[str, Any]) -> dict[str, Any]:
    """Layers as a face alone, paths as one number, and the other names in use."""
    known = _with_other_names(stated["properties"], DEAL_SPELLINGS)
    if "tranches" in known:
        layer = known["tranches"]["items"]
        layer["properties"] = _with_other_names(layer["properties"], LAYER_SPELLINGS)
        layer["properties"] |= {"name": {"type": "string"}, "label": {"type": "string"}}
        for shape in known.values():
            if shape.get("description", "").endswith("also its face alone"):
                shape["anyOf"] = [{"type": "number"}, layer, {"type": "null"}]
    return stated


def _with_other_names(known: dict[str, Any], spellings: dict[str, str]) -> dict[str, Any]:
    """The properties with one number for a path, and each under its other names too."""
    for name in PATHS & known.keys():
        known[name]["anyOf"].insert(0, {"type": "number"})
    for name in {"tax_base", "days"} & known.keys():
        known[name] = {"anyOf": [known[name], {"type": "string"}]}
    for other, name in spellings.items():
        if name in known:
            known.setdefault(other, known[name])
    return known


METHODS = {
    "lbo_sources_and_uses": Method(
        inputs=FundingCase,
        compute=funded,
        main="sponsor_equity",
        spelt_out=spelt_out,
        with_short_forms=with_short_forms,
    ),
    "lbo": Method(
        inputs=BuyoutCase,
        compute=bought_out,
        main="irr",
        spelt_out=spelt_out,
        with_short_forms=with_short_forms,
    ),
    "effective_interest": Method(
        inputs=ReleaseCase,
        compute=released,
        main="effective_rate",
        spelt_out=spelt_out,
        with_short_forms=with_short_forms,
    ),
}
