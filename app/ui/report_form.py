"""The form of a report, made from the parameters that its notebook declares."""

from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

import streamlit as st

from app.ui.words import label_of
from valor_core.coverage.report_parameters import Parameter
from valor_core.values import CompanyId

NOT_ASKED = frozenset({"valuation"})  # by its id, so for scripts
LABELS = {
    "as_of": ("Facts as known on", "Empty: now."),
    "missing": (
        "Items that the filings lack",
        "Asked only where no DCF of the company was saved by that day.",
    ),
    "days": ("How many days", "So many days until the last one, that one included."),
    "since": (
        "Changes since",
        "Compared with what was saved before that day. Empty: 30 days before the report is made.",
    ),
    "older_than": ("Old after how many days", "Values saved longer ago are listed as old."),
    "stale_after": (
        "Stale after how many days",
        "Counted from the end of the newest fiscal year that is known.",
    ),
    "last": ("Last day", "Empty: the day on which the report is made."),
}
CHOICES = {"open": "leave open: the report says what to state", "zero": "count as 0, in my name"}


def asked(parameters: tuple[Parameter, ...], companies: Mapping[CompanyId, str]) -> dict[str, Any]:
    """What the report shall be about; what stays empty is its default."""
    return {p.name: _asked(p, companies) for p in parameters if p.name not in NOT_ASKED}


def _asked(parameter: Parameter, companies: Mapping[CompanyId, str]) -> Any:
    label, told = LABELS.get(parameter.name, (label_of(parameter.name), None))
    key = f"report_{parameter.name}"
    if parameter.name == "company":
        known = {name: company_id for company_id, name in companies.items()}
        chosen = st.selectbox(label, known, key=key)
        return known[chosen] if chosen else ""
    if parameter.written == "Day":
        day = st.date_input(label, value=None, key=key, min_value=date(2000, 1, 1), help=told)
        return day.isoformat() if day else ""
    if parameter.type is int:
        start = parameter.default
        return st.number_input(label, min_value=1, value=start, step=1, key=key, help=told)
    if choices := get_args(parameter.type):
        return st.selectbox(
            label, choices, format_func=lambda each: CHOICES.get(each, each), key=key, help=told
        )
    return st.text_input(label, parameter.default or "", key=key, help=told)


def about(parameters: Mapping[str, Any], companies: Mapping[CompanyId, str]) -> str:
    """What a run was asked, in words."""
    told = []
    if company := parameters.get("company"):
        told.append(companies.get(company, company))
    if as_of := parameters.get("as_of"):
        told.append(f"as known on {as_of}")
    if days := parameters.get("days"):
        last = parameters.get("last")
        told.append(f"{days} days until " + (last or "the day it was made"))
    if since := parameters.get("since"):
        told.append(f"changes since {since}")
    return ", ".join(told)
