"""Money of bills: whole minor units and a currency, written as people read it."""

_DIGITS = {"BHD": 3, "CLP": 0, "ISK": 0, "JPY": 0, "KRW": 0, "KWD": 3, "TND": 3, "VND": 0}


def written(amount_minor: int, currency: str) -> str:
    """The amount in the currency's major unit.

    >>> written(-123456, "USD"), written(250, "JPY"), written(5, "KWD")
    ('−1,234.56 USD', '250 JPY', '0.005 KWD')
    """
    digits = _DIGITS.get(currency, 2)
    whole, part = divmod(abs(amount_minor), 10**digits)
    sign = "−" if amount_minor < 0 else ""
    return f"{sign}{whole:,}{f'.{part:0{digits}d}' if digits else ''} {currency}"
