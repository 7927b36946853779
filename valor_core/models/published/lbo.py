"""Buyouts as textbooks, memos and engines print them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from valor_core.models.fields import Unit, says, settle
from valor_core.models.lbo.effective_interest import EffectiveInterestInputs, effective_interest
from valor_core.models.lbo.funding import Funding, Purchase, sources_and_uses
from valor_core.models.lbo.tranches import Revolver, Tranche
from valor_core.models.numbers import Numbers
from valor_core.models.paths import Path, constant
from valor_core.models.published.method import Method

TERM_LOAN_AMORTISATION = 0.01  # a year, of institutional term loans


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCase:
    """A layer of debt; what is not named is nothing."""

    face: Numbers = field(default=0.0, metadata=says("face, or drawn at close", Unit.MONEY))
    issue_price: Numbers = field(
        default=1.0, metadata=says("what one unit of face brings", Unit.RATIO)
    )
    fee_pct: Numbers = field(default=0.0, metadata=says("fee as a share of face", Unit.RATE))
    cash_rate: Numbers = field(default=0.0, metadata=says("coupon or margin", Unit.RATE))
    pik_rate: Numbers = field(default=0.0, metadata=says("coupon in kind", Unit.RATE))
    amort_pct_of_original: Path = field(
        default=constant(0.0), metadata=says("repaid each year, of the face drawn", Unit.RATE)
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
    "periods": "periods_to_full_release",
}


def spelt_out(stated: dict[str, Any]) -> dict[str, Any]:
    """Layers and paths in full: a layer may be its face alone, a path one number."""
    named = {DEAL_SPELLINGS.get(name, name): value for name, value in stated.items()}
    layers = {each.name for each in fields(FundingCase) if each.type == (LayerCase | None)}
    for name in layers & named.keys():
        named[name] = _layer_spelt_out(named[name])
    if isinstance(named.get("tranches"), list):
        named["tranches"] = [_layer_spelt_out(layer) for layer in named["tranches"]]
    return {name: _path_spelt_out(name, value) for name, value in named.items()}


def _layer_spelt_out(layer: Any) -> Any:
    if isinstance(layer, (int, float)) and not isinstance(layer, bool):
        return {"face": layer}
    if not isinstance(layer, dict):
        return layer
    named = {LAYER_SPELLINGS.get(name, name): value for name, value in layer.items()}
    named = {name: value for name, value in named.items() if name not in ("name", "label")}
    return {name: _path_spelt_out(name, value) for name, value in named.items()}


PATHS = frozenset({"amort_pct_of_original"})


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
    "effective_interest": Method(
        inputs=ReleaseCase,
        compute=released,
        main="effective_rate",
        spelt_out=spelt_out,
        with_short_forms=with_short_forms,
    ),
}
