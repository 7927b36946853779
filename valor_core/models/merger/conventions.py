"""The conventions that a merger rests on, in words."""

from valor_core.models.merger.allocation import GoodwillMethod, PurchasePriceAllocationInputs
from valor_core.models.merger.consideration import Exchange
from valor_core.models.merger.merger import MergerInputs


def merger_conventions(inputs: MergerInputs) -> dict[str, str]:
    """Shares, taxes, interest, fees, write-ups, exchange and value of a merger."""
    fixed_value = inputs.offer.exchange is Exchange.FIXED_VALUE
    promise = "a fixed value" if fixed_value else "a fixed ratio"
    outside = "a fixed ratio" if fixed_value else "a fixed value"
    within = "" if inputs.offer.collar is None else f" inside the collar, {outside} outside"
    return {
        "Shares": "diluted by the treasury-stock method: the acquirer's at its price, the "
        "target's at the offer",
        "Stock": f"{promise}{within}; booked at the acquirer's price at closing",
        "Tax": "one rate on the combined profit; a loss saves tax in its own year",
        "Interest": "on cash used at closing and on new debt as it stands at a year's start",
        "Fees": "advice expensed at closing and outside earnings per share, without tax relief; "
        "financing fees amortised evenly; issue costs taken from equity",
        "Write-ups": "charged evenly over their lives; "
        + _deferred(stepped_up=inputs.tax_base_stepped_up),
        "Goodwill": "the price at closing less net assets at fair value; not amortised",
        "Break-even": "at the acquirer's own earnings per share in the judged year: "
        f"{inputs.judged_year}",
        "Value": "synergies after tax at their own rate from year ends, beside both market values",
    }


def allocation_conventions(inputs: PurchasePriceAllocationInputs) -> dict[str, str]:
    """Goodwill, minority interest, deferred tax and opening balance of an allocation."""
    full = inputs.goodwill_method is GoodwillMethod.FULL
    return {
        "Goodwill": "price and minority interest less net identifiable assets at fair value; "
        "goodwill of earlier deals is written off; a purchase below net assets is a gain",
        "Minority interest": "at fair value" if full else "at its part of net assets",
        "Deferred tax": _deferred(stepped_up=inputs.tax_base_stepped_up),
        "Opening balance": "the deal pushed down into the acquired company; costs of new debt are "
        "an asset, other costs lower equity",
    }


def _deferred(*, stepped_up: bool) -> str:
    if stepped_up:
        return "the tax base rises too, so no tax is deferred"
    return "tax is deferred on them at the tax rate and released as they are charged"
