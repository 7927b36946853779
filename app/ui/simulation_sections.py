"""The parts of the simulation page: what varies, the run, and what came of it."""

import math
from collections.abc import Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import partial

import streamlit as st

from app.compute import RUNS, Run, owner_of
from app.ui import grid, sheet, show, words
from app.ui.draft import Desk, desk_name
from app.ui.frame import caller
from app.ui.grid import Column, Edit
from app.ui.places import number_at, put_at
from app.ui.simulation_plan import PATHS, SUBJECTS, Kind, Stated, Subject
from valor_core.charts import simulation as charts
from valor_core.compute.executors import spread
from valor_core.errors import ValorError
from valor_core.models.fields import Unit
from valor_core.models.simulation.estimates import Estimate
from valor_core.models.simulation.plan import LARGEST_SEED, SimulationPlan, simulation_id
from valor_core.models.simulation.study import Study, study
from valor_core.workbench.simulations import note_simulation
from valor_core.workbench.verb import open_work

POLL_S = 0.5
MARKS = {"P5": 0.05, "P50": 0.50, "P95": 0.95}
SECTION = "simulation:section"


@dataclass(slots=True, kw_only=True)
class Bench:
    """A company's simulation on somebody's screen: what is stated, the run, the last result."""

    stated: Stated
    run: Run | None = None
    study: Study | None = None
    threshold: float | None = None  # as shown on the screen
    problem: ValorError | None = None
    cancelled: bool = False

    def take(self) -> None:
        """What came of the run, once it has ended."""
        if self.run is None or not self.run.finished:
            return
        try:
            self.study = self.run.result()
            st.session_state[SECTION] = "Value"
        except CancelledError:
            self.cancelled = True
        except ValorError as refusal:
            self.problem = refusal
        self.run = None


def subject() -> Subject:
    """The model that the reader simulates: that of the address, else the first."""
    asked, titles = st.query_params.get("model", ""), list(SUBJECTS)

    def changed() -> None:
        st.query_params["model"] = st.session_state["simulation:model"]

    st.session_state["simulation:model"] = asked if asked in SUBJECTS else titles[0]
    chosen = st.segmented_control(
        "Model", titles, format_func=lambda name: SUBJECTS[name].title,
        key="simulation:model", on_change=changed, required=True, label_visibility="collapsed",
    )  # fmt: skip
    return SUBJECTS[chosen or titles[0]]


def bench_of(desk: Desk, of: Subject) -> Bench:
    """The company's bench in this session, with what its run has brought meanwhile."""
    name = desk_name(caller(), desk.company, f"simulation:{of.model}")
    bench: Bench = st.session_state.setdefault(name, Bench(stated=Stated(of=of)))
    bench.take()
    return bench


def start(desk: Desk, bench: Bench, plan: SimulationPlan | None) -> None:
    """Paths, seed and the button; while a run is at work, how far it is instead."""
    stated = bench.stated
    left, middle, right = st.columns([2, 2, 3], vertical_alignment="bottom")

    def changed() -> None:
        stated.paths = st.session_state[desk.key("simulation:paths")]
        stated.seed = int(st.session_state[desk.key("simulation:seed")])

    def begin() -> None:
        changed()
        _start(desk, bench)

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
    running = RUNS.running(owner_of(caller()))
    with right:
        st.button(
            "Run",
            type="primary",
            icon=":material/play_arrow:",
            disabled=plan is None or running is not None,
            on_click=begin,
        )
    if running is not None:
        progress(running, "" if running is bench.run else "Your other computation: ")
    elif bench.problem is not None:
        show.refusal(bench.problem)
    elif bench.cancelled:
        st.info("The run was cancelled. Nothing of it was kept.", icon=":material/cancel:")


def _start(desk: Desk, bench: Bench) -> None:
    bench.problem, bench.cancelled = None, False
    try:
        plan = bench.stated.plan(desk.inputs)
        with open_work(caller()) as work:
            note_simulation(work, desk.company.id, desk.inputs, plan)
            bench.run = RUNS.start_alone(
                owner_of(caller()), partial(study, pool=spread), desk.inputs, plan
            )
    except ValorError as refusal:
        bench.problem = refusal


@st.fragment(run_every=POLL_S)
def progress(run: Run, whose: str) -> None:
    """How far the run is, asked twice a second, and the way to end it."""
    if run.finished:
        st.rerun()
    told = f"{100 * run.done:.0f} %" if run.done else "starting"
    bar, button = st.columns([5, 1], vertical_alignment="center")
    bar.progress(min(run.done, 1.0), text=f"{whose}{told}")
    button.button("Cancel", icon=":material/stop:", on_click=run.cancel, key="simulation:cancel")


def headline(desk: Desk, bench: Bench, plan: SimulationPlan | None) -> None:
    """The value over all paths and how exactly it is known."""
    made = bench.study
    if made is None:
        st.caption("Nothing has been run yet: the drivers below stand around your case as it is.")
        return
    of, found = bench.stated.of, made.summary
    low, high = (told_in(of, found.percentiles[level].value) for level in (0.05, 0.95))
    told = {
        f"Mean {_heading(desk, of)}": told_in(of, found.mean.value),
        "Standard deviation": told_in(of, found.sd.value),
        "Base case": told_in(of, made.tornado.base),
        "Median": told_in(of, found.percentiles[0.5].value),
        "Nine in ten between": f"{low} and {high}",
    }
    if bench.threshold is not None:
        at = bench.threshold * of.result.scale
        told[f"Chance above {told_in(of, at)}"] = words.percent(made.chance_above(at).value)
    for line, chance in of.chances.items():
        if number_at(desk.inputs, chance.of):
            told[chance.label] = words.percent(made.means[line].value)
    if found.refused:
        told["Draws without a value"] = words.percent(made.simulation.share_refused, 2)
    show.facts(told, first_large=True)
    run = made.simulation
    st.caption(
        f"{run.scenarios:,} paths of scrambled Sobol points in {run.replicates} repetitions, "
        f"seed {run.plan.seed}. Chance alone moves the mean by ± {_error(of, found.mean)} in 95 of "
        f"100 cases; the value itself spreads by the standard deviation. Run {run.run_id[:12]}."
    )
    if plan is None or simulation_id(desk.inputs, plan) != run.run_id:
        st.warning(
            "This is the last run. Drivers, paths, seed or case have changed since: run again.",
            icon=":material/history:",
        )


def told_in(of: Subject, value: float) -> str:
    """A value of the line that is looked at, in words: with two decimals, a rate in percent."""
    if of.result.unit is Unit.RATE:
        return words.percent(value, 2)
    return words.per_share(value)


def _heading(desk: Desk, of: Subject) -> str:
    """The line within a sentence, with its unit where a number does not carry it."""
    rate = of.result.unit is Unit.RATE
    heading = of.result.label if rate else of.result.heading(desk.currency)
    return heading[0].lower() + heading[1:]


def _error(of: Subject, estimate: Estimate) -> str:
    half = estimate.half_width() / of.result.scale
    return words.number(half, 2 if half >= 0.005 or not half else -math.floor(math.log10(half)))


def drivers(desk: Desk, bench: Bench) -> None:
    """What each driver may turn out to be, and how they move together."""
    there = bench.stated.of.drivers_of(desk.inputs)
    fields, spreads = list(there.values()), bench.stated.spreads

    def changed(edits: Sequence[Edit]) -> None:
        for edit in edits:
            path, scale = fields[edit.row].path, fields[edit.row].scale
            value = Kind(edit.value) if edit.column == "kind" else (
                None if edit.value is None else edit.value * scale
            )  # fmt: skip
            spreads[path] = put_at(spreads[path], edit.column, value)

    def shown(place: int) -> list[grid.Value]:
        each = fields[place]
        spread, base = spreads[each.path], number_at(desk.inputs, each.path)
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
        [(each.heading(desk.currency), shown(place)) for place, each in enumerate(fields)],
        key=f"simulation:{desk.model.name}:grid:{desk.company.id}",
        on_change=changed,
        corner="Driver",
    )
    st.caption(
        "The mean or mode is that of your case until you state another. The deviations are usual "
        "ones, not filed: state your own. Low and high cut a normal or lognormal off; they are the "
        "ends of the others, and follow the deviation until stated. A driver that your case states "
        "by year is not listed: let it fade again to vary it."
    )
    _correlations(desk, bench)


def _correlations(desk: Desk, bench: Bench) -> None:
    varying = bench.stated.varying(bench.stated.of.drivers_of(desk.inputs))
    told = bench.stated.correlations
    if len(varying) < 2:
        return

    def changed(edits: Sequence[Edit]) -> None:
        for edit in edits:
            pair = frozenset({varying[edit.row].path, edit.column})
            if len(pair) == 2:
                told[pair] = edit.value

    st.subheader("Rank correlations", anchor=False)
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
    made, of = _made(bench), bench.stated.of
    _threshold(desk, bench)
    found, heading = made.summary, of.result.heading(desk.currency)
    show.chart(
        charts.spread(
            made.histogram,
            marks={name: found.percentiles[level].value for name, level in MARKS.items()},
            base=made.tornado.base,
            unit=heading,
            scale=of.result.scale,
            theme=show.theme(),
        ),
        key="simulation:spread",
        alt=f"Share of the paths by {_heading(desk, of)}",
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
        [(name, [told_in(of, told.value), _error(of, told)]) for name, told in rows],
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


def _threshold(desk: Desk, bench: Bench) -> None:
    key, of = desk.key("simulation:threshold"), bench.stated.of

    def changed() -> None:
        bench.threshold = st.session_state[key]

    st.session_state.setdefault(key, bench.threshold)
    asked, _ = st.columns([1, 2])
    asked.number_input(
        f"Chance of more than, {of.result.heading(desk.currency).rpartition(', ')[2]}",
        value=None,
        min_value=0.0,
        key=key,
        placeholder=of.wanted,
        on_change=changed,
    )


def by_year(desk: Desk, bench: Bench) -> None:
    """How the yearly line spreads from year to year."""
    line, heading = _made(bench).by_year, bench.stated.of.by_year.heading(desk.currency)
    assert line is not None  # the page's plan keeps one
    years = sheet.fiscal_years(desk, bench.stated.of.base, len(line.base))
    show.chart(
        charts.by_year(
            line.fan, base=line.base, years=years, currency=desk.currency,
            theme=show.theme(),
        ),
        key="simulation:fan",
        alt=f"{heading}, by year",
    )  # fmt: skip
    show.table(
        heading,
        years,
        [
            *(
                (f"P{100 * level:.0f}", [words.millions(v) for v in row])
                for level, row in zip(line.fan.levels, line.fan.values, strict=True)
            ),
            ("Mean", [words.millions(v) for v in line.fan.mean]),
            ("Base case", [words.millions(v) for v in line.base]),
        ],
        strong=frozenset({"P50"}),
    )


def ranking(desk: Desk, bench: Bench) -> None:
    """What moves the value: each driver alone, then its part of the variance."""
    made, of, theme = _made(bench), bench.stated.of, show.theme()
    known = of.drivers_of(desk.inputs)
    labels = {each.path: known[each.path].label for each in made.ranked if each.path in known}
    labels = {each.path: labels.get(each.path, each.path) for each in made.ranked}
    told = {
        leg.path: [
            words.in_unit(at, known[leg.path].unit if leg.path in known else None)
            for at in leg.inputs
        ]
        for leg in made.tornado.legs
    }
    st.subheader("One driver at a time", anchor=False)
    show.chart(
        charts.tornado(
            made.tornado,
            labels=labels,
            told=told,
            theme=theme,
            unit=of.result.heading(desk.currency),
            scale=of.result.scale,
        ),
        key="simulation:tornado",
        alt=f"{of.result.heading(desk.currency)}, with each driver at its low and high end",
    )
    if made.indices:
        st.subheader("Share of the variance", anchor=False)
        show.chart(
            charts.shares_of_variance(made.indices, labels=labels, theme=theme),
            key="simulation:indices",
            alt="Sobol indices of the drivers",
        )
        st.caption(
            "Sobol indices: the part of the variance that would go if the driver were known."
        )
        return
    st.subheader("Rank correlation with the value", anchor=False)
    show.chart(
        charts.rank_correlations(made.ranked, labels=labels, theme=theme),
        key="simulation:ranked",
        alt="Rank correlation of each driver with the value per share",
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
        there |= {"Value": value, "By year": by_year, "What drives it": ranking}
    there[show.section(list(there), of="simulation")](desk, bench)
