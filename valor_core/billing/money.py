"""Money of bills: whole minor units and a currency, written as people read it."""

_WHOLE = frozenset({"CLP", "ISK", "JPY", "KRW", "UGX", "VND", "XAF", "XOF"})
_THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def written(amount_minor: int, currency: str) -> str:
    """The amount in the currency's major unit.

    >>> written(-123456, "USD"), written(0, "XAF"), written(5, "KWD")
    ('−1,234.56 USD', '0 XAF', '0.005 KWD')
    """
    digits = _digits(currency)
    whole, part = divmod(abs(amount_minor), 10**digits)
    sign = "−" if amount_minor < 0 else ""
    return f"{sign}{whole:,}{f'.{part:0{digits}d}' if digits else ''} {currency}"


def in_major(amount_minor: int, currency: str) -> float:
    """The amount in the currency's major unit, for a chart.

    >>> in_major(-150, "USD"), in_major(-150, "JPY")
    (-1.5, -150.0)
    """
    return amount_minor / 10 ** _digits(currency)


def _digits(currency: str) -> int:
    return 0 if currency in _WHOLE else 3 if currency in _THOUSANDTHS else 2
