"""The one currency in which a company's figures are told: a sum cannot mix two."""

from collections.abc import Iterable

from valor_core.errors import BadInput


class MixedCurrencies(BadInput):
    """Figures of one company in two currencies, which no rate of ours makes one."""

    code = "mixed_currencies"

    def __init__(self, name: str, currencies: Iterable[str]) -> None:
        super().__init__(
            f"The figures of {name} would be in {' and '.join(currencies)}, and a value has one "
            "currency.",
            hint="Convert the new ones to the other currency before importing them, or import "
            "them under a CIK of their own.",
        )


def currencies_of(units: Iterable[str]) -> list[str]:
    """The currencies that units speak of, by name.

    >>> currencies_of(["shares", "EUR", "EUR/shares"])
    ['EUR']
    """
    return sorted({unit.removesuffix("/shares") for unit in units} - {"shares"})


def refuse_mixed(name: str, units: Iterable[str]) -> None:
    """MixedCurrencies that names them, where there are more than one."""
    found = currencies_of(units)
    if len(found) > 1:
        raise MixedCurrencies(name, found)
