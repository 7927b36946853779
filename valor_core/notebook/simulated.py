"""A simulation in a notebook: at work, and done."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from valor_core.notebook.desk import Running
from valor_core.notebook.display import listed, shown, table

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import Figure

    from valor_core.models.simulation.study import Study
    from valor_core.notebook.valuation import Valuation


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulating:
    """A simulation at work, here or on the server; its cell need not wait for it."""

    of: "Valuation"
    run: Running

    @property
    def done(self) -> float:
        """The part that is done, from 0 to 1."""
        return 1.0 if self.run.finished else self.run.done

    @property
    def finished(self) -> bool:
        """Whether it has ended, with a result or without."""
        return self.run.finished

    def cancel(self) -> None:
        """Give it up; it ends within one chunk of its scenarios."""
        self.run.cancel()

    def result(self) -> "Simulated":
        """What came of it, once it has ended; CancelledError where it was given up."""
        return Simulated(of=self.of, study=self.run.result())

    def __repr__(self) -> str:
        return f"<simulation {'that has ended' if self.finished else f'{self.done:.0%} done'}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """A simulation of a valuation: how its result spreads, and what moves it."""

    of: "Valuation"
    study: "Study"

    @property
    def table(self) -> "pd.DataFrame":
        """Mean, deviation and percentiles, each with half of its 95 % interval."""
        import pandas as pd

        told = self.study.summary
        rows = {
            **{f"P{100 * level:g}": found for level, found in told.percentiles.items()},
            "mean": told.mean,
            "standard deviation": told.sd,
            f"mean of the worst {told.tail:.0%}": told.shortfall,
        }
        return pd.DataFrame(
            {name: [found.value, found.half_width()] for name, found in rows.items()},
            index=[told.column, "± at 95 %"],
        ).T

    @property
    def drivers(self) -> "pd.DataFrame":
        """What moves the result: rank correlations, and Sobol indices of independent drivers."""
        import pandas as pd

        made = self.study
        table = pd.DataFrame(
            {"rank correlation": {each.path: each.spearman for each in made.ranked}}
        )
        for each in made.indices:
            table.loc[each.path, ["alone", "with interactions"]] = (
                each.first.value,
                each.total.value,
            )
        return table.rename_axis("driver")

    def above(self, threshold: float) -> float:
        """The chance of more than a threshold, such as the price."""
        return self.study.chance_above(threshold).value

    @property
    def chances(self) -> "pd.DataFrame":
        """How likely each event is: at all, and in each year of a yearly line."""
        import pandas as pd

        rows = {
            f"{each.event.line} {'above' if each.event.above else 'below'} "
            f"{each.event.threshold:,.6g}": {
                "at all": each.ever.value,
                **{f"year {year}": told.value for year, told in enumerate(each.by_year, start=1)},
            }
            for each in self.study.chances
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("chance of")

    def chart(self) -> "Figure":
        """The share of the draws by value, with percentiles and the base case."""
        from valor_core.charts.simulation import spread

        told = self.study.summary
        marks = {f"P{100 * at:g}": told.percentiles[at].value for at in (0.05, 0.5, 0.95)}
        unit = self.of.basis.currency if self.of.basis else told.column
        return spread(
            self.study.histogram, marks=marks, base=self.study.tornado.base, unit=unit,
            theme="light",
        )  # fmt: skip

    @property
    def _told(self) -> str:
        run, mean = self.study.simulation, self.study.summary.mean
        return (
            f"{run.scenarios:,} draws, seed {run.plan.seed}: mean {mean.value:,.4g} "
            f"± {mean.half_width():.2g}, {run.share_refused:.2%} without a value"
        )

    def __repr__(self) -> str:
        return f"<{self._told}, run {self.study.simulation.run_id[:12]}>"

    def _repr_html_(self) -> str:
        run = self.study.simulation
        lost = [
            f"{each.count:,} draws without a value, such as: {each.example}" for each in run.refused
        ]
        return shown(
            self._told,
            table(self.table),
            table(self.drivers),
            listed(lost),
            provenance=f"run {run.run_id[:16]}, {run.model} version {run.version}, "
            f"{run.plan.sampler} sampler; the same seed gives the same draws on every machine",
        )
