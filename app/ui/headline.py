"""What a valuation puts first, in words: a value per share, an IRR, an accretion."""

from app.ui.words import in_unit, label_of, unit_mark
from valor_core.models.catalogue import model_named
from valor_core.models.model import Model
from valor_core.workbench.valuations import ValuationRow

PAGES = {
    "dcf_direct": "dcf_direct",
    "lbo": "lbo",
    "merger": "merger",
    "real_option": "options",
    "flexible_project": "options",
    "comparables": "comparables",
    "statements": "statements",
    "reconciliation": "reconciliation",
    "dividend_discount": "dividends",
    "residual_income": "dividends",
    "credit": "credit",
    "returns": "returns",
}


def page_of(model: str) -> str:
    """The page on which a model is worked with; that of the DCF where it has none of its own."""
    return PAGES.get(model, "dcf")


def called(model: Model) -> str:
    """How people call the headline of the model."""
    return label_of(model.headline)


def worth(model: Model, value: float, currency: str) -> str:
    """A headline of the model, or a difference of two, with its unit."""
    unit = model.headline_unit
    return f"{in_unit(value, unit)}{unit_mark(unit, currency)}"


def value_of(row: ValuationRow) -> str:
    """What a saved valuation comes to, with its unit."""
    return worth(model_named(row.model), row.headline, row.currency)
