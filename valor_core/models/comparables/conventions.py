"""The conventions that a value by multiples rests on, in words."""

from valor_core.models.comparables.comparables import ComparablesInputs, PeerKind


def comparables_conventions(inputs: ComparablesInputs) -> dict[str, str]:
    """Prices, years, statistics, exclusions and dilution of a value by multiples."""
    deals = inputs.kind is PeerKind.DEALS
    month = inputs.common_year_end
    years = (
        "as each company's year ends"
        if month == 0
        else f"made to end in month {month}: m/12 of the fiscal year, the rest of the next"
    )
    return {
        "Prices": "paid for whole companies" if deals else "of stakes on an exchange",
        "Years": years,
        "EV": "market value at diluted shares + claims of others − assets beside the operations",
        "Statistics": "median; quartiles by the inclusive method",
        "Without a meaning": "a metric or a price not above 0, and a multiple above "
        f"{inputs.highest:g}; left out, not taken for a number",
        "PEG": "P/E over growth in per cent",
        "Shares": "diluted by the treasury-stock method: peers' at their price, the company's at "
        "the valued price",
    }
