"""The parts of the simulation page: what varies, the run, and what came of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from app.computations import COMPUTATIONS
from app.ui import computing, grid, sheet, show, words
from app.ui.computing import Awaited
from app.ui.draft import Desk, desk_name
from app.ui.field import Field
from app.ui.frame import caller
from app.ui.grid import Column, Edit
from app.ui.places import figure_at, put_at
from app.ui.simulation_plan import PATHS, Kind, Spread, Stated
from app.ui.subjects import SUBJECTS, Subject
from valor_core.charts import simulation as charts
from valor_core.models.catalogue import model_named
from valor_core.models.codec import load
from valor_core.models.fields import Unit
from valor_core.models.simulation.estimates import Estimate
from valor_core.models.simulation.kept import study_of
from valor_core.models.simulation.plan import LARGEST_SEED, Event, SimulationPlan, simulation_id
from valor_core.models.simulation.study import Chance, Study
from valor_core.workbench.simulations import subject_of

LEAST_DIGITS = 2
MARKS = {"P5": 0.05, "P50": 0.50, "P95": 0.95}
SECTION = "simulation:section"
LEAST_STEPS, MOST_STEPS = 8, 500


@dataclass(slots=True, kw_only=True)
class Bench(Awaited):
    """A company's simulation on somebody's screen: what is stated, the run, the last result."""

    stated: Stated
    study: Study | None = None
    events: dict[Event, str] = field(default_factory=dict)  # of the run, in words
    steps: int = 0  # of the run's lattice
    threshold: float | None = None  # as shown on the screen

    def redraw(self) -> None:
        """What was typed in another unit is asked anew."""
        self.threshold = None

    def take(self) -> None:
        """What came of the run, once it has ended."""
        found = self.ended()
        if found is None or found.outcome is None:
            return
        model = model_named(found.asked["model"])
        inputs = load(model.inputs, found.asked["inputs"])
        self.study = study_of(found.outcome, load(SimulationPlan, found.asked["plan"]))
        self.events = self.stated.of.events(inputs, model.function(inputs))
        self.steps = inputs.steps if self.stated.of.steps else 0
        st.session_state[SECTION] = "Value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The line that is looked at, with so many decimals that its spread can be read."""

    field: Field
    digits: int

    def told(self, value: float) -> str:
        """A value of the line in words: a rate in percent, money in the reader's unit."""
        if self.field.unit is Unit.RATE:
            return words.percent(value, self.digits)
        return words.number(value / self.field.scale, self.digits)

    def error(self, estimate: Estimate) -> str:
        """Half of the interval that holds the true figure in 95 of 100 cases."""
        half = estimate.half_width() / self.field.scale
        return words.number(half, max(self.digits, _digits(half, figures=1)))

    def in_a_sentence(self, currency: str) -> str:
        """Its label within a sentence, with its unit where a number does not carry it."""
        rate = self.field.unit is Unit.RATE
        heading = self.field.label if rate else self.field.heading(currency)
        first, *_ = heading.split()
        return heading if first.isupper() else heading[0].lower() + heading[1:]


def line_of(bench: Bench) -> Line:
    """The line of the last run, else the one that comes next."""
    made, of = bench.study, bench.stated.of
    path = made.summary.column if made else bench.stated.line
    told = next((each for each in of.lines if each.path == path), of.lines[0])
    spread = made.summary.sd.value / told.scale if made else 0.0
    return Line(field=told, digits=max(LEAST_DIGITS, _digits(spread, figures=2)))


def _digits(value: float, *, figures: int) -> int:
    """The decimals that show so many figures of a number."""
    return figures - 1 - math.floor(math.log10(abs(value))) if value else 0


def subject() -> Subject:
    """The model that the reader simulates: that of the address, else the first."""
    asked, titles = st.query_params.get("model", ""), list(SUBJECTS)

    def changed() -> None:
        st.query_params["model"] = st.session_state["simulation:model"]

    st.session_state["simulation:model"] = asked if asked in SUBJECTS else titles[0]
    chosen = st.selectbox(
        "Model", titles, format_func=lambda name: SUBJECTS[name].title,
        key="simulation:model", on_change=changed,
    )  # fmt: skip
    return SUBJECTS[chosen]


def bench_of(desk: Desk, of: Subject) -> Bench:
    """The company's bench in this session, with what its run has brought meanwhile."""
    name = desk_name(caller(), desk.company, f"simulation:{of.model}")
    if name not in st.session_state:
        st.session_state[name] = Bench(stated=Stated(of=of))
        st.session_state[name].find("simulation.run", subject_of(of.model, desk.company.id))
    bench: Bench = st.session_state[name]
    bench.take()
    return bench


def start(desk: Desk, bench: Bench, plan: SimulationPlan | None) -> None:
    """Paths, seed and the button; while a run is at work, how far it is instead."""
    stated, there = bench.stated, bench.stated.of.offered(desk.result())
    first, left, middle, *others, right = st.columns(
        [3, 2, 2, *[2] * bool(stated.of.steps), 2], vertical_alignment="bottom"
    )

    def changed() -> None:
        stated.line = st.session_state[desk.key("simulation:line")]
        stated.paths = st.session_state[desk.key("simulation:paths")]
        stated.seed = int(st.session_state[desk.key("simulation:seed")])
        if stated.of.steps:
            stated.steps = int(st.session_state[desk.key("simulation:steps")])

    def begin() -> None:
        changed()
        _start(desk, bench)

    with first:
        st.selectbox(
            "What is looked at",
            list(there),
            index=list(there).index(stated.looked_at(desk.result())) if there else None,
            format_func=lambda path: there[path].label,
            key=desk.key("simulation:line"),
            on_change=changed,
        )
    with left:
        st.selectbox(
            "Paths",
            PATHS,
            index=PATHS.index(stated.paths),
            format_func=lambda count: f"{count:,}",
            key=desk.key("simulation:paths"),
            on_change=changed,
        )
    with middle:
        st.number_input(
            "Seed",
            value=stated.seed,
            min_value=0,
            max_value=LARGEST_SEED,
            step=1,
            key=desk.key("simulation:seed"),
            help="The same seed draws the same paths; another one shows what is chance.",
            on_change=changed,
        )
    for lattice in others:
        lattice.number_input(
            "Steps of the lattice",
            value=stated.of.steps_of(desk.inputs, stated.steps),
            min_value=LEAST_STEPS,
            max_value=MOST_STEPS,
            step=10,
            key=desk.key("simulation:steps"),
            help="Each path is a lattice of its own: twice the steps take up to four times as "
            "long. A run ends after three minutes.",
            on_change=changed,
        )
    with right:
        st.button(
            "Run",
            type="primary",
            icon=":material/play_arrow:",
            disabled=plan is None or computing.running() is not None,
            on_click=begin,
        )
    computing.state(bench)


def _start(desk: Desk, bench: Bench) -> None:
    inputs = bench.stated.simulated(desk.inputs)
    bench.begin(
        lambda work: COMPUTATIONS.simulate(
            work, desk.company.id, inputs, bench.stated.plan(inputs, desk.result())
        )
    )


def headline(desk: Desk, bench: Bench, plan: SimulationPlan | None) -> None:
    """The value over all paths and how exactly it is known."""
    made = bench.study
    if made is None:
        st.caption("Nothing has been run yet: the drivers below stand around your case as it is.")
        return
    found, line = made.summary, line_of(bench)
    low, high = (line.told(found.percentiles[level].value) for level in (0.05, 0.95))
    told = {
        f"Mean {line.in_a_sentence(desk.currency)}": line.told(found.mean.value),
        "Standard deviation": line.told(found.sd.value),
        "Base case": line.told(made.tornado.base),
        "Median": line.told(found.percentiles[0.5].value),
        "Nine in ten between": f"{low} and {high}",
    }
    if bench.threshold is not None:
        at = bench.threshold * line.field.scale
        told[f"Chance above {line.told(at)}"] = words.percent(made.chance_above(at).value)
    for label, chance in _chances(bench):
        ever = f"Chance of {label}{' in any year' if chance.by_year else ''}"
        told[ever] = words.percent(chance.ever.value)
    if found.refused:
        told["Draws without a value"] = words.percent(made.simulation.share_refused, 2)
    show.facts(told, first_large=True)
    _run_in_words(desk, bench, line, plan)


def _run_in_words(desk: Desk, bench: Bench, line: Line, plan: SimulationPlan | None) -> None:
    made = _made(bench)
    run = made.simulation
    coarser = f" Simulated in {bench.steps:,} steps." if bench.steps else ""
    st.caption(
        f"{run.scenarios:,} paths of scrambled Sobol points in {run.replicates} repetitions, "
        f"seed {run.plan.seed}. Chance alone moves the mean by ± {line.error(made.summary.mean)} "
        "in 95 of 100 cases; the value itself spreads by the standard deviation."
        f"{coarser} Run {run.run_id[:12]}."
    )
    if plan is None or simulation_id(bench.stated.simulated(desk.inputs), plan) != run.run_id:
        st.warning(
            "This is the last run. Drivers, paths, seed or case have changed since: run again.",
            icon=":material/history:",
        )


def _chances(bench: Bench) -> list[tuple[str, Chance]]:
    """What may happen in the last run, in words, and how likely it is."""
    return [(bench.events[each.event], each) for each in _made(bench).chances]


def drivers(desk: Desk, bench: Bench) -> None:
    """What each driver may turn out to be, and how they move together."""
    there = bench.stated.of.drivers_of(desk.inputs)
    bases = {path: figure_at(desk.inputs, path) or 0.0 for path in there}
    paths, spreads = list(there), bench.stated.spreads

    def stated(path: str) -> Spread:
        return bench.stated.spread(path, there[path], bases[path])

    def changed(edits: Sequence[Edit]) -> None:
        for edit in edits:
            path = paths[edit.row]
            value = Kind(edit.value) if edit.column == "kind" else (
                None if edit.value is None else edit.value * there[path].field.scale
            )  # fmt: skip
            spreads[path] = put_at(stated(path), edit.column, value)

    def shown(path: str) -> list[grid.Value]:
        spread, base, each = stated(path), bases[path], there[path].field
        ends = (None, None) if spread.kind is Kind.FIXED else spread.ends(base)
        return [
            spread.kind.value,
            *(each.on_screen(value) for value in (spread.about(base), spread.sd, *ends)),
        ]

    number = {"optional": True, "placeholder": words.NOTHING}
    grid.edited(
        "What each driver may turn out to be",
        {
            "kind": Column(heading="Distribution", kind="choice", options=tuple(Kind)),
            "centre": Column(heading="Mean or mode", **number),
            "sd": Column(heading="Std. deviation"),
            "low": Column(heading="Low", **number),
            "high": Column(heading="High", **number),
        },
        [(there[path].field.heading(desk.currency), shown(path)) for path in paths],
        key=f"simulation:{desk.model.name}:grid:{desk.company.id}",
        on_change=changed,
        corner="Driver",
    )
    st.caption(
        "The mean or mode is that of your case until you state another. The deviations are usual "
        "ones, not filed: state your own. Low and high cut a normal or lognormal off; they are the "
        "ends of the others, and follow the deviation until stated. A rate that your case states "
        "by year is not listed: let it fade again to vary it."
    )
    _correlations(desk, bench)


def _correlations(desk: Desk, bench: Bench) -> None:
    fields = bench.stated.of.drivers_of(desk.inputs)
    varying = [fields[path].field for path in bench.stated.varying(desk.inputs)]
    told = bench.stated.correlations
    if len(varying) < 2:
        return

    def changed(edits: Sequence[Edit]) -> None:
        for edit in edits:
            pair = frozenset({varying[edit.row].path, edit.column})
            if len(pair) == 2:
                told[pair] = edit.value

    st.header("Rank correlations", anchor=False)
    grid.edited(
        "Rank correlations between the drivers",
        {each.path: Column(heading=each.label) for each in varying},
        [
            (
                down.label,
                [
                    1.0 if down is across
                    else told.get(frozenset({down.path, across.path}), 0.0)
                    for across in varying
                ],
            )
            for down in varying
        ],
        key=f"simulation:{desk.model.name}:correlations:{desk.company.id}",
        on_change=changed,
        corner="Spearman, −1 to 1",
    )  # fmt: skip


def value(desk: Desk, bench: Bench) -> None:
    """How the value spreads, the chance of more than a price, and what had no value."""
    made, line = _made(bench), line_of(bench)
    _threshold(desk, bench, line)
    found, heading = made.summary, line.field.heading(desk.currency)
    show.chart(
        charts.spread(
            made.histogram,
            marks={name: found.percentiles[level].value for name, level in MARKS.items()},
            base=made.tornado.base,
            unit=heading,
            scale=line.field.scale,
            digits=line.digits,
            theme=show.theme(),
        ),
        key="simulation:spread",
        alt=f"Share of the paths by {line.in_a_sentence(desk.currency)}",
    )
    rows = [
        *((f"P{100 * level:.0f}", told) for level, told in found.percentiles.items()),
        ("Mean", found.mean),
        ("Standard deviation", found.sd),
        (f"Mean of the worst {words.percent(found.tail, 0)}", found.shortfall),
    ]
    show.table(
        heading,
        ["Value", "± at 95 %"],
        [(name, [line.told(told.value), line.error(told)]) for name, told in rows],
        strong=frozenset({"P50", "Mean"}),
    )
    if made.simulation.refused:
        show.listed(
            "Draws without a value, left out of every figure",
            [
                (words.counted(each.count, "draw"), f"such as: {each.example}")
                for each in made.simulation.refused
            ],
        )


def _threshold(desk: Desk, bench: Bench, line: Line) -> None:
    key = desk.key("simulation:threshold")

    def changed() -> None:
        bench.threshold = st.session_state[key]

    st.session_state.setdefault(key, bench.threshold)
    asked, _ = st.columns([1, 2])
    asked.number_input(
        f"Chance of more than, {line.field.heading(desk.currency).rpartition(', ')[2]}",
        value=None,
        key=key,
        placeholder=line.field.meaning or "any number",
        on_change=changed,
    )


def by_year(desk: Desk, bench: Bench) -> None:
    """How the yearly line spreads from year to year, and the chance of each event in each year."""
    line, told = _made(bench).by_year, bench.stated.of.by_year
    assert line is not None  # the section is offered once there is one
    assert told is not None
    heading = told.heading(desk.currency)
    years = sheet.fiscal_years(desk, bench.stated.of.base, len(line.base))
    show.chart(
        charts.by_year(
            line.fan, base=line.base, years=years, unit=heading.rpartition(", ")[2],
            scale=told.scale, theme=show.theme(),
        ),
        key="simulation:fan",
        alt=f"{heading}, by year",
    )  # fmt: skip
    rows = {
        **{f"P{100 * level:.0f}": row
           for level, row in zip(line.fan.levels, line.fan.values, strict=True)},
        "Mean": line.fan.mean,
        "Base case": line.base,
    }  # fmt: skip
    digits = 0 if told.unit is Unit.MONEY else 2
    show.table(
        heading,
        years,
        [(name, [words.number(v / told.scale, digits) for v in row]) for name, row in rows.items()],
        strong=frozenset({"P50"}),
    )
    chances = [(label, each) for label, each in _chances(bench) if each.by_year]
    if chances:
        show.table(
            "Chance in each year",
            [*years, "Any year"],
            [
                (f"{label[0].upper()}{label[1:]}",
                 [words.percent(one.value) for one in (*each.by_year, each.ever)])
                for label, each in chances
            ],
        )  # fmt: skip


def ranking(desk: Desk, bench: Bench) -> None:
    """What moves the value: each driver alone, then its part of the variance."""
    made, line, theme = _made(bench), line_of(bench), show.theme()
    known = {p: each.field for p, each in bench.stated.of.drivers_of(desk.inputs).items()}
    labels = {each.path: known[each.path].label for each in made.ranked if each.path in known}
    labels = {each.path: labels.get(each.path, each.path) for each in made.ranked}
    told = {
        leg.path: [
            words.in_unit(at, known[leg.path].unit if leg.path in known else None)
            for at in leg.inputs
        ]
        for leg in made.tornado.legs
    }
    st.header("One driver at a time", anchor=False)
    show.chart(
        charts.tornado(
            made.tornado,
            labels=labels,
            told=told,
            theme=theme,
            unit=line.field.heading(desk.currency),
            scale=line.field.scale,
        ),
        key="simulation:tornado",
        alt=f"{line.field.heading(desk.currency)}, with each driver at its low and high end",
    )
    if made.indices:
        st.header("Share of the variance", anchor=False)
        show.chart(
            charts.shares_of_variance(made.indices, labels=labels, theme=theme),
            key="simulation:indices",
            alt="Sobol indices of the drivers",
        )
        st.caption(
            "Sobol indices: the part of the variance that would go if the driver were known."
        )
        return
    st.header("Rank correlation with the value", anchor=False)
    show.chart(
        charts.rank_correlations(made.ranked, labels=labels, theme=theme),
        key="simulation:ranked",
        alt=f"Rank correlation of each driver with {line.in_a_sentence(desk.currency)}",
    )
    if made.summary.lowest == made.summary.highest:
        st.caption("None of these drivers moves the value.")
        return
    st.caption(
        "Drivers that depend on each other share the variance, so each is ranked by its "
        "correlation with the value, which holds what it shares with the others."
    )


def _made(bench: Bench) -> Study:
    assert bench.study is not None  # the sections that show one are offered once it is there
    return bench.study


def sections(desk: Desk, bench: Bench) -> None:
    """The section that is looked at; results are offered once there are any."""
    there = {"Drivers": drivers}
    if bench.study is not None:
        yearly = {"By year": by_year} if bench.study.by_year else {}
        there |= {"Value": value, **yearly, "What drives it": ranking}
    there[show.section(list(there), of="simulation")](desk, bench)
