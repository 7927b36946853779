"""One real option on a project, by every method that knows it, beside the project without it."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from valor_core.models.fields import Unit, says, settle
from valor_core.models.guarded import guarded
from valor_core.models.numbers import Numbers, only_where, valid_where
from valor_core.models.options.barone_adesi_whaley import barone_adesi_whaley
from valor_core.models.options.bjerksund_stensland import flat_boundary, two_boundaries
from valor_core.models.options.black_scholes import european_value
from valor_core.models.options.chooser import ChooserOption, chooser_option
from valor_core.models.options.compound import CompoundOption, compound_option
from valor_core.models.options.early_exercise import exercised_early, sound_american, stand_in
from valor_core.models.options.exchange import ExchangeOption, in_units_of_the_other
from valor_core.models.options.lattice import Tree, american_value
from valor_core.models.options.perpetual import PerpetualOption, perpetual_option
from valor_core.models.options.project import (
    ProjectInputs,
    Stage,
    committed_value,
    project_by_lattice,
)
from valor_core.models.options.refusals import DetailMissing, ShareNotPositive
from valor_core.models.options.terms import Option, OptionType, sound


class RealOptionKind(StrEnum):
    """What the right allows."""

    DEFER = "defer"
    EXPAND = "expand"
    CONTRACT = "contract"
    ABANDON = "abandon"
    SWITCH = "switch"
    STAGE = "stage"
    CHOOSE = "choose"


PUTS = frozenset({RealOptionKind.CONTRACT, RealOptionKind.ABANDON})
OF_A_PART = frozenset({RealOptionKind.EXPAND, RealOptionKind.CONTRACT, RealOptionKind.CHOOSE})


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherUse:
    """What a project can be switched to: an asset that moves on its own."""

    value: Numbers = field(metadata=says("its value, less what the switch costs", Unit.MONEY))
    volatility: Numbers = field(metadata=says("standard deviation of a year's log return of it"))
    cash_yield: Numbers = field(
        default=0.0, metadata=says("what it pays out a year, as a part of its value", Unit.RATE)
    )
    correlation: Numbers = field(
        default=0.0, metadata=says("correlation of its returns with the project's", Unit.RATIO)
    )

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStage:
    """The second outlay of a staged project, which the first one buys the right to make."""

    outlay: Numbers = field(metadata=says("the second outlay, which makes it run", Unit.MONEY))
    years: Numbers = field(metadata=says("time until it, from today", Unit.YEARS))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingUp:
    """The other side of a choice: to give the part of the project up."""

    salvage: Numbers = field(metadata=says("what giving it up brings", Unit.MONEY))
    years: Numbers = field(metadata=says("time until both rights end, from today", Unit.YEARS))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RealOptionInputs:
    """A project and one right on it. Rates and yields are continuously compounded."""

    kind: RealOptionKind = field(metadata=says("what the right allows"))
    project_value: Numbers = field(
        metadata=says("present value of the project's cash, before its outlays", Unit.MONEY)
    )
    volatility: Numbers = field(metadata=says("standard deviation of a year's log return of it"))
    cash_yield: Numbers = field(
        default=0.0, metadata=says("what it pays out a year, as a part of its value", Unit.RATE)
    )
    rate: Numbers = field(metadata=says("risk-free rate, continuous", Unit.RATE))
    years: Numbers = field(
        metadata=says("time until the right ends; stage, choose: until the decision", Unit.YEARS)
    )
    amount: Numbers = field(
        default=0.0,
        metadata=says("outlay, or what contracting or abandoning brings", Unit.MONEY),
    )
    share: Numbers = field(
        default=1.0,
        metadata=says("part of the project that is added or given up", Unit.RATIO),
    )
    at_any_time: bool = field(
        default=True, metadata=says("exercised whenever it pays, not only at the end")
    )
    other_use: OtherUse | None = field(
        default=None, metadata=says("switch: what the project is switched to")
    )
    next_stage: NextStage | None = field(
        default=None, metadata=says("stage: the outlay that the first one leads to")
    )
    giving_up: GivingUp | None = field(
        default=None, metadata=says("choose: the other side of the choice")
    )
    steps: int = field(default=500, metadata=says("steps of the lattice"))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Methods:
    """The option by each method that knows its kind; none where one does not."""

    closed_form: Numbers = field(
        metadata=says("exercised on the fixed dates alone: Black-Scholes-Merton, Margrabe, Geske")
    )
    barone_adesi_whaley: Numbers | None = field(
        default=None, metadata=says("quadratic approximation of 1987", Unit.MONEY)
    )
    bjerksund_stensland_1993: Numbers | None = field(
        default=None, metadata=says("best flat boundary, a lower bound", Unit.MONEY)
    )
    bjerksund_stensland_2002: Numbers | None = field(
        default=None, metadata=says("two flat boundaries, a lower bound", Unit.MONEY)
    )
    lattice_crr: Numbers | None = field(
        default=None, metadata=says("Cox, Ross and Rubinstein", Unit.MONEY)
    )
    lattice_bbsr: Numbers | None = field(
        default=None, metadata=says("smoothed and extrapolated lattice", Unit.MONEY)
    )
    perpetual: Numbers | None = field(
        default=None, metadata=says("if the right never ended, an upper bound", Unit.MONEY)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """How far each method lies from the lattice that carries the value, and that from itself."""

    barone_adesi_whaley: Numbers | None = field(
        default=None, metadata=says("less the lattice", Unit.MONEY)
    )
    bjerksund_stensland_1993: Numbers | None = field(
        default=None, metadata=says("less the lattice", Unit.MONEY)
    )
    bjerksund_stensland_2002: Numbers | None = field(
        default=None, metadata=says("less the lattice", Unit.MONEY)
    )
    lattice_crr: Numbers | None = field(default=None, metadata=says("less the lattice", Unit.MONEY))
    lattice_bbsr: Numbers | None = field(
        default=None, metadata=says("less that of half the steps", Unit.MONEY)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RealOptionResult:
    """A project without the right, and with it."""

    methods: Methods = field(metadata=says("the option by each method"))
    errors: Errors = field(metadata=says("their errors"))
    trigger: Numbers | None = field(
        metadata=says(
            "value of the project, for a switch of the other use, at which to act today (by "
            "Barone-Adesi and Whaley), or on the date; none: never before the end",
            Unit.MONEY,
        )
    )
    perpetual_trigger: Numbers | None = field(
        metadata=says("the same if the right never ended", Unit.MONEY)
    )
    value_without_flexibility: Numbers = field(
        metadata=says("the project as committed today", Unit.MONEY)
    )
    option_value: Numbers = field(metadata=says("what the right adds", Unit.MONEY))
    value_with_flexibility: Numbers = field(metadata=says("the project with the right", Unit.MONEY))


@guarded
def real_option(inputs: RealOptionInputs) -> RealOptionResult:
    """A real option by all methods side by side; a lattice carries the value of early exercise.

    >>> mine = RealOptionInputs(kind=RealOptionKind.DEFER, project_value=100.0, amount=100.0,
    ...                         volatility=0.3, rate=0.05, cash_yield=0.04, years=3.0)
    >>> found = real_option(mine)
    >>> print(f"{found.value_with_flexibility:.2f} at a trigger of {found.trigger:.0f}")
    19.69 at a trigger of 223
    """
    if inputs.kind is RealOptionKind.STAGE:
        return _staged(inputs)
    if inputs.kind is RealOptionKind.CHOOSE:
        return _chosen(inputs)
    option = as_option(inputs)
    if not inputs.at_any_time:
        value = european_value(sound(option))
        return _told(inputs, Methods(closed_form=value), Errors(), value, option.strike)
    option = sound_american(option)
    quadratic = barone_adesi_whaley(option)
    flat, two = flat_boundary(option), two_boundaries(option)
    fine = american_value(option, inputs.steps, Tree.BBSR)
    coarse = american_value(option, inputs.steps // 2, Tree.BBSR)
    crr = american_value(option, inputs.steps, Tree.CRR)
    endless, endless_trigger = _without_end(option)
    methods = Methods(
        closed_form=european_value(option),
        barone_adesi_whaley=quadratic.value,
        bjerksund_stensland_1993=only_where(flat.trusted, flat.value),
        bjerksund_stensland_2002=only_where(two.trusted, two.value),
        lattice_crr=crr,
        lattice_bbsr=fine,
        perpetual=endless,
    )
    errors = Errors(
        barone_adesi_whaley=quadratic.value - fine,
        bjerksund_stensland_1993=only_where(flat.trusted, flat.value - fine),
        bjerksund_stensland_2002=only_where(two.trusted, two.value - fine),
        lattice_crr=crr - fine,
        lattice_bbsr=fine - coarse,
    )
    trigger = quadratic.critical_price
    return _told(inputs, methods, errors, fine, trigger, endless_trigger)


def as_option(inputs: RealOptionInputs) -> Option:
    """The right as an option on the part of the project that it is about."""
    if inputs.kind is RealOptionKind.SWITCH:
        other = inputs.other_use
        if other is None:
            raise DetailMissing(kind=inputs.kind.value, field="other_use")
        exchange = ExchangeOption(
            received=other.value,
            given=inputs.project_value,
            yield_received=other.cash_yield,
            yield_given=inputs.cash_yield,
            volatility_received=other.volatility,
            volatility_given=inputs.volatility,
            correlation=other.correlation,
            maturity=inputs.years,
        )
        return in_units_of_the_other(exchange)
    return Option(
        type=OptionType.PUT if inputs.kind in PUTS else OptionType.CALL,
        spot=inputs.project_value * _share(inputs),
        strike=inputs.amount,
        rate=inputs.rate,
        dividend_yield=inputs.cash_yield,
        volatility=inputs.volatility,
        maturity=inputs.years,
    )


def _share(inputs: RealOptionInputs) -> Numbers:
    """The part of the project that the right is about."""
    if inputs.kind not in OF_A_PART:
        return 1.0
    return valid_where(inputs.share > 0.0, inputs.share, ShareNotPositive, share=inputs.share)


def _without_end(option: Option) -> tuple[Numbers | None, Numbers | None]:
    """Value and trigger if the right never ended, where it is ever exercised early."""
    early, usable = exercised_early(option), stand_in(option)
    endless = perpetual_option(
        PerpetualOption(
            type=option.type,
            spot=usable.spot,
            strike=usable.strike,
            rate=usable.rate,
            cash_yield=usable.dividend_yield,
            volatility=usable.volatility,
        )
    )
    return only_where(early, endless.value), only_where(early, endless.trigger)


def _staged(inputs: RealOptionInputs) -> RealOptionResult:
    """The first outlay buys the right to make the second (Geske)."""
    later = inputs.next_stage
    if later is None:
        raise DetailMissing(kind=inputs.kind.value, field="next_stage")
    option = replace(as_option(inputs), strike=later.outlay, maturity=later.years)
    compound = compound_option(
        CompoundOption(first_strike=inputs.amount, decision=inputs.years, underlying=option)
    )
    project = ProjectInputs(
        project_value=inputs.project_value,
        volatility=inputs.volatility,
        cash_yield=inputs.cash_yield,
        rate=inputs.rate,
        stages=(
            Stage(outlay=inputs.amount, deadline=inputs.years),
            Stage(outlay=later.outlay, deadline=later.years),
        ),
    )
    fine = project_by_lattice(project, inputs.steps)
    return _told(
        inputs,
        Methods(closed_form=compound.value, lattice_crr=fine),
        Errors(lattice_crr=fine - compound.value),
        compound.value,
        compound.critical_price,
        committed=committed_value(project),
    )


def _chosen(inputs: RealOptionInputs) -> RealOptionResult:
    """On a date a part of the project is either to be added or to be given up (Rubinstein)."""
    giving_up = inputs.giving_up
    if giving_up is None:
        raise DetailMissing(kind=inputs.kind.value, field="giving_up")
    chooser = chooser_option(
        ChooserOption(
            spot=inputs.project_value * _share(inputs),
            rate=inputs.rate,
            dividend_yield=inputs.cash_yield,
            volatility=inputs.volatility,
            decision=inputs.years,
            call_strike=inputs.amount,
            call_maturity=giving_up.years,
            put_strike=giving_up.salvage,
            put_maturity=giving_up.years,
        )
    )
    return _told(
        inputs,
        Methods(closed_form=chooser.value),
        Errors(),
        chooser.value,
        chooser.critical_price,
    )


def _told(
    inputs: RealOptionInputs,
    methods: Methods,
    errors: Errors,
    value: Numbers,
    trigger: Numbers | None,
    endless_trigger: Numbers | None = None,
    *,
    committed: Numbers | None = None,
) -> RealOptionResult:
    """The right beside the project: one that must still be built is worth its right alone."""
    share, built = _share(inputs), inputs.kind not in {RealOptionKind.DEFER, RealOptionKind.STAGE}
    if committed is None:
        committed = inputs.project_value - (0.0 if built else inputs.amount)
    with_flexibility = committed + value if built else value
    return RealOptionResult(
        methods=methods,
        errors=errors,
        trigger=None if trigger is None else trigger / share,
        perpetual_trigger=None if endless_trigger is None else endless_trigger / share,
        value_without_flexibility=committed,
        option_value=with_flexibility - committed,
        value_with_flexibility=with_flexibility,
    )
