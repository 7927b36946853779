"""The parts of the page of credit: the headline, then one section at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import streamlit as st

from app.ui import ask, changes, credit_rating, grid, scenario_sections, sheet, show, words
from app.ui.draft import Desk
from app.ui.field import Field, field_of
from app.ui.filed import credit_as_filed, filed
from app.ui.frame import caller
from app.ui.grid import Column, Edit
from app.ui.places import at, can_be_empty, put_at
from valor_core.charts import credit as charts
from valor_core.models.conventions import valued_as_of
from valor_core.models.credit.altman import FORMS, ZForm
from valor_core.models.credit.beneish import CUTOFF
from valor_core.models.credit.model import CreditResult, Statements, lacking
from valor_core.models.credit.rating import COVERS, SPREADS, FirmSize
from valor_core.models.fields import Unit
from valor_core.values import SourceKind

ZONES = {1: "safe", 0: "grey", -1: "distress"}
SCORES = {
    "z": "Altman Z, listed manufacturers, 1968",
    "z_prime": "Altman Z′, private firms, 1983",
    "z_double_prime": "Altman Z″, other firms, 1995",
    "o": "Ohlson O, 1980",
    "m": "Beneish M, 1999",
    "f": "Piotroski F, 2000",
}
RATIOS_OF_Z = ("working_capital", "retained_earnings", "ebit", "equity", "sales")
FORM = {"z": ZForm.Z, "z_prime": ZForm.Z_PRIME, "z_double_prime": ZForm.Z_DOUBLE_PRIME}
GRADE = next(i for i, (rating, _) in enumerate(SPREADS) if rating == "BBB")
INVESTMENT_GRADE = COVERS[FirmSize.LARGE][GRADE - 1]
SAMPLES = (
    "Each score was fitted to companies of its time and kind, which its name says: outside them it "
    "ranks rather than tells odds. Distress scores read the newest filed year; M asks whether "
    "earnings were managed, F whether the company grows stronger."
)
STATED = (
    Field("market_value", "Market value of the equity", Unit.MONEY, 1000.0),
    Field("price_index", "Price level of GNP (1968: 100)", None, 10.0),
    Field("assets_two_years_ago", "Assets two years before", Unit.MONEY, 100.0),
    Field("z_constant", "Constant of Z″ (3.25: emerging)", None, 3.25),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A ratio of the cover: what stands above the line and below it, by label and place."""

    label: str
    above: tuple[str, str]
    below: tuple[str, str]
    percent: bool = False


EBIT, INTEREST = ("EBIT", "now.ebit"), ("interest", "now.interest")
EBITDA, DEBT = ("EBITDA", "cover.ebitda"), ("debt", "cover.debt")
FUNDS = ("net income + depreciation", "cover.funds_from_operations")
RATIOS = {
    "interest_cover": Ratio(label="Interest cover", above=EBIT, below=INTEREST),
    "ebitda_cover": Ratio(label="EBITDA cover", above=EBITDA, below=INTEREST),
    "debt_to_ebitda": Ratio(label="Debt to EBITDA", above=DEBT, below=EBITDA),
    "net_debt_to_ebitda": Ratio(
        label="Net debt to EBITDA", above=("debt − cash", "cover.net_debt"), below=EBITDA
    ),
    "funds_to_debt": Ratio(label="Funds from operations to debt", above=FUNDS, below=DEBT,
                           percent=True),
    "debt_to_capital": Ratio(label="Debt to capital", above=DEBT,
                             below=("debt + book equity", ""), percent=True),
    "current_ratio": Ratio(
        label="Current ratio",
        above=("current assets", "now.current_assets"),
        below=("current liabilities", "now.current_liabilities"),
    ),
}  # fmt: skip
MADE_OF = {
    "cover.ebitda": ("now.ebit", "now.depreciation"),
    "cover.debt": ("now.short_term_debt", "now.long_term_debt"),
    "cover.net_debt": ("now.short_term_debt", "now.long_term_debt", "now.cash"),
    "cover.funds_from_operations": ("now.net_income", "now.depreciation"),
    "": ("now.short_term_debt", "now.long_term_debt", "now.assets", "now.liabilities"),
}
CHARTED = {
    "z_double_prime": SCORES["z_double_prime"],
    "z_prime": SCORES["z_prime"],
    **{name: ratio.label for name, ratio in RATIOS.items()},
}
"""What filed facts alone tell of each year."""


def headline(desk: Desk, result: CreditResult | None) -> None:
    """How near distress is, how income covers interest, and how debt stands to income."""
    if result is None:
        show.facts({"Altman Z″": words.NOTHING}, first_large=True)
        return
    cover = result.cover
    show.facts(
        {
            "Altman Z″": _score(result, "z_double_prime"),
            "Altman Z": _score(result, "z"),
            "Interest cover": words.times(cover.interest_cover),
            "Debt to EBITDA": words.times(cover.debt_to_ebitda),
            "Odds of failure, Ohlson": words.percent(result.failure_probability, 2),
            **sheet.against_saved(desk, result),
        },
        first_large=True,
    )
    st.caption(valued_as_of(desk.inputs, desk.basis))


def scores(desk: Desk, result: CreditResult | None) -> None:
    """Each ratio over the filed years, every score with its zones, and what each is made of."""
    _history(desk)
    if result is None:
        st.info("The scores appear once the figures can be judged.", icon=":material/credit_score:")
        return
    show.listing(
        "Every score",
        ["Score", "Value", "Reads as", "Distress", "Safe"],
        [[label, *_reading(result, name)] for name, label in SCORES.items()],
        text=frozenset({"Score", "Reads as"}),
    )
    st.caption(SAMPLES)
    there = [name for name in SCORES if getattr(result, name) is not None]
    without = [name for name in SCORES if name not in there]
    if without:
        why = [(SCORES[name], _why(desk, lacking(desk.inputs, name))) for name in without]
        show.listed("What is lacking", why)
    if there:
        _terms(desk, result, there)


def _terms(desk: Desk, result: CreditResult, there: Sequence[str]) -> None:
    with show.asked():
        name = st.selectbox("Terms of", there, format_func=SCORES.__getitem__, key="credit:terms")
    score = getattr(result, name)
    single = [each for each in fields(score) if each.name not in ("indices", "zone")]
    weights = _weights(desk, name)
    show.listing(
        f"{SCORES[name]}, term by term",
        ["Term", "Value", "Which is"],
        [
            [
                words.label_of(each.name, each.metadata["label"]),
                words.in_unit(float(getattr(score, each.name)), each.metadata["unit"]),
                each.metadata["text"].replace("weight", weights.get(each.name, "")),
            ]
            for each in single
        ],
        text=frozenset({"Term", "Which is"}),
    )


def _weights(desk: Desk, name: str) -> dict[str, str]:
    """What Altman weighs each ratio by; the other scores name their weights themselves."""
    if name not in FORM:
        return {}
    stated = dict(zip(RATIOS_OF_Z, FORMS[FORM[name]].weights, strict=True))
    if name == "z":
        stated["sales"] = float(desk.inputs.k5)
    return {ratio: f"{weight:g}" for ratio, weight in stated.items()}


def _history(desk: Desk) -> None:
    known = filed(caller(), desk.company, desk.content.as_of)
    by_year = credit_as_filed(known.key, desk.company, known.facts)
    courses = {
        name: {year: value for year, each in by_year.items()
               if (value := _of(each, name)) is not None}
        for name in CHARTED
    }  # fmt: skip
    there = [name for name, course in courses.items() if course]
    if not there:
        st.info("No filed year tells a ratio.", icon=":material/show_chart:")
        return
    with show.asked():
        name = st.selectbox(
            "Over the years", there, format_func=CHARTED.__getitem__, key="credit:over"
        )
    safe, distress = _bands(name)
    show.chart(
        charts.over_years(
            courses[name],
            safe=safe,
            distress=distress,
            percent=name in RATIOS and RATIOS[name].percent,
            theme=show.theme(),
        ),
        key="credit:history",
        alt=f"{CHARTED[name]} over the filed years, as filed",
    )


def _of(result: CreditResult, name: str) -> float | None:
    """A ratio of the cover, or the score of that name."""
    if name in RATIOS:
        return getattr(result.cover, name)
    score = getattr(result, name)
    return None if score is None else float(score.score)


def _bands(name: str) -> tuple[tuple[str, float] | None, tuple[str, float] | None]:
    """Where a ratio is safe and where distress begins, as far as anybody has printed it."""
    if name in FORM:
        stated = FORMS[FORM[name]]
        return (f"safe above {stated.safe:.2f}", stated.safe), (
            f"distress below {stated.distress:.2f}",
            stated.distress,
        )
    if name == "interest_cover":
        return (f"investment grade from {INVESTMENT_GRADE:g}×", INVESTMENT_GRADE), None
    return None, None


def _score(result: CreditResult, name: str) -> str:
    score = getattr(result, name)
    if score is None:
        return words.NOTHING
    return f"{words.number(float(score.score), 2)}, {ZONES[round(float(score.zone))]}"


def _reading(result: CreditResult, name: str) -> list[str]:
    """Value, what that says, where distress begins and where it is safe."""
    score = getattr(result, name)
    if score is None:
        return [words.NOTHING, "lacking", "", ""]
    value = words.number(float(score.score), 2)
    if name in FORM:
        stated, shift = FORMS[FORM[name]], float(score.constant)
        edges = [f"below {stated.distress + shift:.2f}", f"above {stated.safe + shift:.2f}"]
        return [value, ZONES[round(float(score.zone))], *edges]
    if name == "o":
        odds = f"odds of failure {words.percent(score.probability, 2)}"
        return [value, odds, "above 0.00", ""]
    if name == "m":
        flagged = (
            "flagged: earnings ask for a look" if score.flagged else "no sign of managed earnings"
        )
        return [value, flagged, f"above {words.number(CUTOFF, 2)}", ""]
    return [words.number(float(score.score)), "signs of strength, of nine", "", ""]


def _why(desk: Desk, paths: Sequence[str]) -> str:
    """Why figures are not there: as the filing lacks them, or because they were emptied."""
    sources = desk.start.sources
    told = [
        sources[path].text
        if sources[path].kind is SourceKind.MISSING
        else f"{changes.label(path)} was emptied"
        for path in paths
    ]
    return "; ".join(dict.fromkeys(told))


def cover(desk: Desk, result: CreditResult | None) -> None:
    """Each ratio with the figures above and below its line."""
    if result is None:
        st.info("The ratios appear once the figures can be judged.", icon=":material/percent:")
        return
    show.listing(
        f"Cover and leverage, {desk.money}",
        ["Ratio", "Value", "Which is"],
        [
            [
                ratio.label,
                _told(getattr(result.cover, name), ratio),
                _gap(desk, ratio) or _parts(desk, result, ratio),
            ]
            for name, ratio in RATIOS.items()
        ],
        text=frozenset({"Ratio", "Which is"}),
    )
    st.caption("– where a figure is not filed, or what the ratio is taken over is not above 0.")


def _gap(desk: Desk, ratio: Ratio) -> str:
    """Why a figure above or below the line is not there; nothing where both are."""
    paths = [path for _, part in (ratio.above, ratio.below) for path in MADE_OF.get(part, (part,))]
    return _why(desk, [path for path in paths if at(desk.inputs, path) is None])


def _told(value: float | None, ratio: Ratio) -> str:
    return words.percent(value) if ratio.percent else words.times(value)


def _parts(desk: Desk, result: CreditResult, ratio: Ratio) -> str:
    return " / ".join(
        f"{label} {words.money(_figure(desk, result, path))}"
        for label, path in (ratio.above, ratio.below)
    )


def _figure(desk: Desk, result: CreditResult, path: str) -> float | None:
    """A figure of the newest year, or of its cover; book equity stands in neither."""
    if path:
        return at(desk.inputs if path.startswith("now.") else result, path)
    parts = (result.cover.debt, desk.inputs.now.assets, desk.inputs.now.liabilities)
    return None if None in parts else parts[0] + parts[1] - parts[2]


def figures(desk: Desk, _result: CreditResult | None) -> None:
    """Both years as filed, each to be corrected, and what no filing tells."""
    ask.numbers(desk, STATED)
    lines = [field_of(desk.inputs, f"now.{each.name}") for each in fields(Statements)]
    names = [each.path.removeprefix("now.") for each in lines]

    def changed(edits: Sequence[Edit]) -> None:
        inputs = desk.inputs
        for edit in edits:
            path, scale = f"{edit.column}.{names[edit.row]}", lines[edit.row].scale
            if edit.value is not None or can_be_empty(inputs, path):
                stated = None if edit.value is None else edit.value * scale
                inputs = put_at(inputs, path, stated)
        desk.put(replace(desk.content, inputs=inputs))

    now = max((fact.fiscal_year for fact in desk.start.sources["now.sales"].facts), default=0)
    grid.edited(
        "Two years of statements",
        {
            year: Column(heading=f"FY{now - back}", digits=0, optional=True)
            for back, year in enumerate(("now", "before"))
        },
        [
            (
                line.heading(desk.currency) if line.unit is Unit.SHARES else line.label,
                [line.on_screen(at(desk.inputs, f"{year}.{name}")) for year in ("now", "before")],
            )
            for line, name in zip(lines, names, strict=True)
        ],
        key=desk.grid_key("statements"),
        on_change=changed,
        corner=desk.money,
    )
    st.caption(
        "An empty cell is not filed: the scores that need it are left out. What you state there "
        "needs your reason, under *Sources*, before it can be saved."
    )


SECTIONS: dict[str, sheet.Section] = {
    "Scores": scores,
    "Cover": cover,
    "Rating": credit_rating.rating,
    "Default": credit_rating.default,
    "Figures": figures,
    "Scenarios": scenario_sections.usual,
    "Workings": sheet.workings,
    "Sources": sheet.sources,
}
