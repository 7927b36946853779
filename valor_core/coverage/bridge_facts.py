"""The bridge from enterprise to equity value, as far as the filed figures carry it.

Debt is filed under several tags that overlap: a total, its long-term and its current part, and
borrowings that are in neither. They are put together here so that nothing counts twice.
"""

from valor_core.coverage.figures import Figures, Told, derived, filed, missing
from valor_core.values import AdjustedFact, FiledFact

ITEMS = (
    "debt", "leases", "minority_interests", "preferred", "pensions",
    "cash", "associates", "non_operating_assets",
)  # fmt: skip
OF_DEBT = "long_term_debt", "short_term_debt", "commercial_paper"
OF_ALL_LEASES = "ifrs-full:LeaseLiabilities"
UNDER_IFRS_16 = "their interest stands below EBIT (IFRS 16)"
IN_EBIT = (
    "operating lease cost is deducted in EBIT, so the liability is not deducted again (US GAAP)"
)
IMPLAUSIBLE_INTEREST = 0.15  # of the debt; 19 of 20 US companies paid less than 10 % in 2009


def bridge_of(figures: Figures, *, tax: float) -> dict[str, Told]:
    """Each item of the bridge in the newest year, or why it is missing."""
    return {
        "debt": (owed := debt(figures)),
        "leases": _leases(figures, owed),
        "minority_interests": _minorities(figures),
        "preferred": _as_filed(figures, "preferred_equity", "preferred stock, at book"),
        "pensions": _pensions(figures, tax),
        "cash": cash(figures),
        "associates": missing(_lacking(figures, "investments in associates, at value")),
        "non_operating_assets": missing(_lacking(figures, "assets outside the operations")),
    }


def debt(figures: Figures) -> Told:
    """All financial debt, and what a layer adds to any part of it, whichever of them is read."""
    owed, parts = _debt_as_filed(figures), [figures.at(item) for item in OF_DEBT]
    adjusted = [part for part in parts if isinstance(part, AdjustedFact)]
    if owed.value is None or not adjusted:
        return owed
    corrected = {part.as_filed: part for part in adjusted}
    facts = dict.fromkeys((*(corrected.get(fact, fact) for fact in owed.facts), *adjusted))
    added = sum(each.amount for part in adjusted for each in part.adjustments)
    return derived(owed.value + added, owed.source.text, *facts)


def _debt_as_filed(figures: Figures) -> Told:
    """The long-term part, its current part and other borrowings."""
    total = figures.tagged("LongTermDebt")
    later = figures.tagged("LongTermDebtNoncurrent", "LongTermDebtAndCapitalLeaseObligations")
    all_current = figures.tagged("DebtCurrent")
    due = figures.tagged("LongTermDebtCurrent", "LongTermDebtAndCapitalLeaseObligationsCurrent")
    borrowings = figures.tagged("ShortTermBorrowings")
    paper = figures.tagged("CommercialPaper")
    short = borrowings or paper  # borrowings include the paper

    if later is None and total is None:
        found = ", ".join(fact.named for fact in (all_current, due, short) if fact)
        beside = f"; there is only {found}" if found else ""
        return missing(_lacking(figures, "long-term debt") + beside)
    if later is None:
        parts = [total, short]
    elif all_current is not None:
        parts = [later, all_current]
    elif due is None and total is not None and short is not None:
        # Some companies file what falls due as short-term borrowings: the total tells.
        twice = abs(total.value - later.value - short.value) <= 0.01 * total.value
        parts = [later, short] if twice else [total, short]
    else:
        parts = [later, due, short]
    return _sum("financial debt", [part for part in parts if part is not None])


def cash(figures: Figures) -> Told:
    """Cash and what is as good as cash; None where not even cash is filed."""
    if figures.at("cash") is None:
        return missing(_lacking(figures, "cash"))
    parts = [figures.at(i) for i in ("cash", "short_term_investments", "long_term_investments")]
    return _sum("cash and marketable securities", [part for part in parts if part is not None])


def warnings_of(figures: Figures, bridge: dict[str, Told]) -> list[str]:
    """What makes the bridge doubtful although its numbers were filed."""
    return [
        *_of_interest(figures, bridge["debt"]),
        *_of_notes_payable(figures, bridge["debt"]),
        *_of_vanished(figures),
    ]


def _of_interest(figures: Figures, owed: Told) -> list[str]:
    interest = figures.first("interest_expense", "interest_paid")
    if interest is None or interest.value <= 0:
        return []
    paid = _millions(interest.value)
    if owed.value is None:
        said = f"Interest of {paid} was paid, but no long-term debt is filed under known tags."
    elif interest.value > IMPLAUSIBLE_INTEREST * owed.value:
        said = (
            f"Interest of {paid} on a debt of {_millions(owed.value)} is above "
            f"{IMPLAUSIBLE_INTEREST:.0%}: some debt may stand under other tags."
        )
    else:
        return []
    return [said]


def _of_notes_payable(figures: Figures, owed: Told) -> list[str]:
    """Current liabilities that nothing explains, larger than the debt (Coca-Cola in 2009)."""
    liabilities, payables = figures.at("current_liabilities"), figures.at("payables")
    borrowings = figures.tagged("DebtCurrent", "ShortTermBorrowings", "CommercialPaper")
    if not (liabilities and payables and owed.value) or borrowings:
        return []
    due = figures.at("short_term_debt")
    rest = liabilities.value - payables.value - (due.value if due else 0.0)
    said = (
        f"Current liabilities leave {_millions(rest)} beside payables and the debt found, "
        f"{_millions(owed.value)}: notes payable may be missing from the debt."
    )
    return [said] if rest > owed.value else []


def _of_vanished(figures: Figures) -> list[str]:
    """Items of the year before that are no longer filed under a tag that is read."""
    told = []
    for item in ("short_term_investments", "long_term_investments"):
        before = figures.at(item, back=1)
        if before is not None and before.value and figures.at(item) is None:
            told.append(
                f"{item.replace('_', ' ').capitalize()} of {_millions(before.value)} were filed "
                f"for FY{before.fiscal_year}, and none for FY{figures.year}: look under other tags."
            )
    return told


def _leases(figures: Figures, owed: Told) -> Told:
    """Finance leases; of operating leases nothing, since EBIT bears their whole cost already.

    IFRS 16 makes no difference between them: EBIT bears no interest of either.
    """
    operating = figures.first("operating_lease_liability", "operating_lease_liability_noncurrent")
    finance = figures.at("finance_lease_liability")
    beside = (operating,) if operating else ()
    if any("CapitalLease" in fact.tag for fact in owed.facts):
        return derived(0.0, f"{IN_EBIT}; finance leases stand in the debt", *owed.facts, *beside)
    if finance is not None and finance.tag == OF_ALL_LEASES:
        rule = f"lease liabilities of FY{figures.year}, all of them: {UNDER_IFRS_16}"
        return derived(finance.value, rule, finance)
    if finance is not None:
        rule = f"finance lease liability of FY{figures.year}; {IN_EBIT}"
        return derived(finance.value, rule, finance, *beside)
    if operating is not None:
        return derived(0.0, f"{IN_EBIT}; no finance lease is among the filed figures", operating)
    return missing(f"{_lacking(figures, 'finance lease liabilities')}; {IN_EBIT}")


def _minorities(figures: Figures) -> Told:
    """At book; nil where assets, liabilities and the shareholders' equity leave nothing."""
    if (fact := figures.at("minority_interest")) is not None:
        return filed(fact, f"minority interests of FY{figures.year}, at book")
    own, whole = figures.at("stockholders_equity"), figures.at("equity_incl_nci")
    if own and whole:
        rule = f"equity including minorities − shareholders' equity of FY{figures.year}, at book"
        return derived(whole.value - own.value, rule, whole, own)
    assets, owed = figures.at("total_assets"), figures.at("total_liabilities")
    if own and assets and owed and assets.value - owed.value == own.value:
        rule = f"nil: assets − liabilities of FY{figures.year} are all shareholders' equity"
        return derived(0.0, rule, assets, owed, own)
    return missing(_lacking(figures, "minority interests"))


def _pensions(figures: Figures, tax: float) -> Told:
    fact = figures.at("pension_liability")
    if fact is None:
        return missing(_lacking(figures, "pension liability"))
    rule = f"pension liability of FY{figures.year} less tax of {tax:.0%}"
    return derived(fact.value * (1.0 - tax), rule, fact)


def _as_filed(figures: Figures, item: str, meaning: str) -> Told:
    fact = figures.at(item)
    if fact is None:
        return missing(_lacking(figures, meaning))
    return filed(fact, f"{meaning}, of FY{figures.year}")


def _sum(meaning: str, parts: list[FiledFact]) -> Told:
    names = " + ".join(fact.tag.partition(":")[2] or fact.named for fact in parts)
    text = f"{meaning} of FY{parts[0].fiscal_year}: {names}"
    if len(parts) == 1:
        return filed(parts[0], text)
    return derived(sum(fact.value for fact in parts), text, *parts)


def _lacking(figures: Figures, what: str) -> str:
    return f"{what}: not in the filed figures of FY{figures.year}"


def _millions(value: float) -> str:
    return f"{value / 1e6:,.0f} million"
