"""Every choice that an input may be has its words."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from enum import StrEnum
from typing import Any, get_args

from app.ui.choices import WORDS, choices_in_words
from tests.models.sound import a_cost_of_capital, a_dcf
from valor_core.models.catalogue import MODELS
from valor_core.models.cost_of_capital import MarketWeights
from valor_core.models.fields import hints, kinds


def conventions_under(hint: Any) -> Iterator[type[StrEnum]]:
    for kind in kinds(hint):
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            yield kind
        elif is_dataclass(kind):
            for inner in hints(kind).values():
                yield from conventions_under(inner)
        else:
            for member in get_args(kind):
                yield from conventions_under(member)


def test_every_convention_of_every_model_is_told_in_words():
    conventions = {each for model in MODELS for each in conventions_under(model.inputs)}

    assert conventions == set(WORDS)
    for convention, words in WORDS.items():
        assert set(words) == set(convention)


def test_choices_are_told_down_to_the_fades_and_the_weights():
    market = MarketWeights(shares=100.0, price=20.0, debt=500.0)
    inputs = a_dcf(wacc=None, cost_of_capital=a_cost_of_capital(market=market, target=None))

    told = choices_in_words(inputs)

    assert told["years"] == "10"
    assert told["terminal_method"] == "Growing perpetuity"
    assert told["growth.from_year"] == "5"
    assert told["sales_to_capital.lag"] == "1"
    assert told["cost_of_capital.weights"] == "at market value"
    assert "revenue" not in told
