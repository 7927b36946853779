"""Why a simulation, a set of scenarios or a batch is refused."""

from valor_core.errors import BadInput


class ParameterOutOfRange(BadInput):
    """A parameter of a distribution lies where the distribution does not exist."""

    code = "parameter_out_of_range"

    def __init__(self, *, distribution: str, parameter: str, stated: float, meant: str) -> None:
        super().__init__(
            f"The {parameter} of a {distribution} distribution is {stated:.6g}, which is not "
            f"{meant}.",
            hint=f"State a {parameter} that is {meant}.",
        )


class ValuesUnusable(BadInput):
    """The values of a distribution, or how likely each is, cannot be used."""

    code = "values_unusable"

    def __init__(self, *, distribution: str, problem: str) -> None:
        super().__init__(
            f"The values of a {distribution} distribution {problem}.",
            hint="Give finite values and, of a discrete one, a weight not below 0 for each.",
        )


class NothingLeft(BadInput):
    """A distribution was cut off where it holds nothing."""

    code = "nothing_left"

    def __init__(self, *, left: float) -> None:
        super().__init__(
            f"Between its cuts a distribution keeps a probability of {left:.3g}.",
            hint="Cut off less, with at_least below at_most.",
        )


class DriversUnusable(BadInput):
    """A simulation needs drivers, each input at most once, and not too many."""

    code = "drivers_unusable"

    def __init__(self, *, problem: str) -> None:
        super().__init__(
            f"The drivers of the simulation {problem}.",
            hint="Name each input that varies once, by its path, such as terminal_growth.",
        )


class CorrelationUnusable(BadInput):
    """A rank correlation is between two different drivers, and between −1 and 1."""

    code = "correlation_unusable"

    def __init__(self, *, first: str, second: str, problem: str) -> None:
        super().__init__(
            f"The rank correlation of {first!r} and {second!r} {problem}.",
            hint="State each pair of drivers once, with a rank correlation between -1 and 1.",
        )


class SizeOutOfRange(BadInput):
    """A simulation has a bounded number of scenarios."""

    code = "size_out_of_range"

    def __init__(self, *, what: str, asked: float, least: float, most: float) -> None:
        super().__init__(
            f"{asked:,.6g} {what} are not between {least:,.6g} and {most:,.6g}.",
            hint="Choose a number in between.",
        )


class IndicesNeedIndependence(BadInput):
    """Sobol indices share out the variance of independent drivers only."""

    code = "indices_need_independence"

    def __init__(self) -> None:
        super().__init__(
            "The drivers depend on each other, so the variance has no single owner.",
            hint="Rank the drivers by rank correlation, or take the dependence out of the plan.",
        )


class NothingValued(BadInput):
    """No scenario could be valued, so there is nothing to tell."""

    code = "nothing_valued"

    def __init__(self, *, column: str) -> None:
        super().__init__(
            f"{column} has too few scenarios with a value.",
            hint="Look at the reasons of the refused draws, and narrow the drivers.",
        )


class LevelOutOfRange(BadInput):
    """A percentile or a tail is a part of the scenarios between none and all."""

    code = "level_out_of_range"

    def __init__(self, *, level: float) -> None:
        super().__init__(
            f"A level of {level:.6g} is not between 0 and 1.",
            hint="State it as a fraction, such as 0.05.",
        )


class ScenariosUnusable(BadInput):
    """A set of scenarios cannot be weighed."""

    code = "scenarios_unusable"

    def __init__(self, *, problem: str) -> None:
        super().__init__(
            f"The set of scenarios {problem}.",
            hint="Name each scenario once, with probabilities not below 0 that add up to 1.",
        )


class FigureMissing(BadInput):
    """A company lacks a figure that the policy reads."""

    code = "figure_missing"

    def __init__(self, *, figure: str) -> None:
        super().__init__(
            f"The company has no {figure}.", hint="State the figure, or value it by another policy."
        )


class FiguresUnusable(BadInput):
    """The columns of a batch do not fit together."""

    code = "figures_unusable"

    def __init__(self, *, problem: str) -> None:
        super().__init__(
            f"The figures of the batch {problem}.",
            hint="Give one column for each input, with one number a company.",
        )


class ColumnsUnusable(BadInput):
    """A study is about a line of one number, and may show a yearly one beside others."""

    code = "columns_unusable"

    def __init__(self, *, columns: tuple[str, ...]) -> None:
        super().__init__(
            f"A simulation cannot show {', '.join(columns)} together.",
            hint="Name a line of one number first, at most one yearly line, and each once.",
        )
