"""A filed year in the lines of the linked statements: as filed, or what filed totals leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from valor_core.coverage.bridge_facts import debt
from valor_core.coverage.figures import Figures, Told, derived, filed, missing
from valor_core.coverage.items import ITEM
from valor_core.models.statements.forecast import DAYS

Lines = dict[str, Told]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Filed years in the lines of the statements, the oldest first; None where not filed."""

    years: tuple[int, ...]
    lines: Mapping[str, tuple[float | None, ...]]


AS_FILED = {
    "cost_of_revenue": ("cost_of_revenue", "revenue", 1.0),
    "operating_costs": ("operating_costs", "revenue", 1.0),
    "stock_compensation": ("stock_compensation", "revenue", 1.0),
    "capital_expenditure": ("capital_expenditure", "revenue", 1.0),
    "taxes.rate": ("tax", "pretax_income", 1.0),
    "receivable_days": ("receivables", "revenue", DAYS),
    "inventory_days": ("inventory", "cost_of_revenue", DAYS),
    "payable_days": ("payables", "cost_of_revenue", DAYS),
    "other_current_assets": ("other_current_assets", "revenue", 1.0),
    "other_current_liabilities": ("other_current_liabilities", "revenue", 1.0),
    "payout": ("dividends", "to_common", 1.0),
}
"""Drivers of the forecast as a filed year had them: this line over that one, times."""


def drivers_as_filed(told: History) -> dict[str, tuple[float | None, ...]]:
    """The drivers of the forecast in the filed years; None where a year does not tell one."""
    lines = told.lines
    found = {
        driver: _over(lines[top], lines[bottom], scale)
        for driver, (top, bottom, scale) in AS_FILED.items()
    }
    revenue, built = ((None, *lines[name][:-1]) for name in ("revenue", "fixed_assets"))
    grown = _over(lines["revenue"], revenue, 1.0)
    return {
        **found,
        "growth": tuple(None if times is None else times - 1.0 for times in grown),
        "depreciation": _over(lines["depreciation"], built, 1.0),
    }


def _over(
    top: Sequence[float | None], bottom: Sequence[float | None], scale: float
) -> tuple[float | None, ...]:
    return tuple(
        None if part is None or not of or of < 0.0 else part / of * scale
        for part, of in zip(top, bottom, strict=True)
    )


def history(figures: Figures, count: int = 3) -> History:
    """The newest years whose revenue is filed."""
    seen = [figures.earlier(back) for back in range(count - 1, -1, -1)]
    seen = [each for each in seen if each.at("revenue") is not None]
    told = [reported(each) for each in seen]
    return History(
        years=tuple(each.year for each in seen),
        lines={name: tuple(year[name].value for year in told) for name in told[-1]} if told else {},
    )


def reported(figures: Figures) -> Lines:
    """The lines of the figures' year by the names that the forecast has for them.

    The parts of a total are what is filed and what it leaves beside them, so that they add up.
    """
    income, sheet = _income(figures), _balance(figures)
    return {**income, **sheet, **_cash_flow(figures, sheet)}


def _line(figures: Figures, item: str) -> Told:
    fact = figures.at(item)
    if fact is None:
        return missing(f"{ITEM[item].label} is not in the filed figures of FY{figures.year}")
    return filed(fact)


def _with(first: Told, rule: str, *, plus: Sequence[Told] = (), less: Sequence[Told] = ()) -> Told:
    """A filed number and what is filed beside it; without the first there is none."""
    if first.value is None:
        return first
    more, fewer = (sum(part.value or 0.0 for part in parts) for parts in (plus, less))
    facts = dict.fromkeys(fact for told in (first, *plus, *less) for fact in told.facts)
    return derived(first.value + more - fewer, rule, *facts)


def _income(figures: Figures) -> Lines:
    year = figures.year
    revenue, worn = _line(figures, "revenue"), _line(figures, "dna")
    ebit = figures.ebit(year) or _line(figures, "operating_income")
    beside = " + D&A" if worn.facts else "; no D&A is filed"
    ebitda = _with(ebit, f"EBIT{beside} of FY{year}", plus=[worn])
    cost, gross = _line(figures, "cost_of_revenue"), _line(figures, "gross_profit")
    if cost.value is None and gross.value is not None:
        cost = _with(revenue, f"revenue − gross profit of FY{year}", less=[gross])
    elif cost.value is None:
        cost = _with(revenue, f"revenue − EBIT{beside} of FY{year}: all costs", less=[ebitda])
    gross = _with(revenue, f"revenue − cost of revenue of FY{year}", less=[cost])
    own, whole = _line(figures, "net_income"), _line(figures, "net_income_incl_nci")
    net = own if whole.value is None else whole
    return {
        "revenue": revenue,
        "cost_of_revenue": cost,
        "gross_profit": gross,
        "operating_costs": _with(
            gross, f"gross profit − EBITDA of FY{year}, so without D&A", less=[ebitda]
        ),
        "ebitda": ebitda,
        "depreciation": worn,
        "ebit": ebit,
        "interest_expense": _line(figures, "interest_expense"),
        "lease_interest": _line(figures, "lease_interest"),
        "pretax_income": figures.pretax(year) or _line(figures, "pretax_income"),
        "tax": _line(figures, "income_tax"),
        "net_income": net,
        "to_minorities": own
        if own.value is None
        else _with(net, f"net income of FY{year} that is not the holders'", less=[own]),
        "to_common": own,
        "stock_compensation": _line(figures, "sbc"),
        "earnings_per_share": _line(figures, "eps_diluted"),
    }


def _balance(figures: Figures) -> Lines:
    assets, claims = _assets(figures, figures.year), _claims(figures, figures.year)
    apart = claims["total_claims"]
    if apart.facts:
        rule = f"filed assets − liabilities − equity of FY{figures.year}"
        apart = _with(assets["total_assets"], rule, less=[apart])
    return {**assets, **claims, "balance_difference": apart}


def _assets(figures: Figures, year: int) -> Lines:
    whole, current = _line(figures, "total_assets"), _line(figures, "current_assets")
    cash = _with(
        _line(figures, "cash"),
        f"cash and short-term investments of FY{year}",
        plus=[_line(figures, "short_term_investments")],
    )
    receivables, inventory = _line(figures, "receivables"), _line(figures, "inventory")
    goodwill, built = _line(figures, "goodwill"), _line(figures, "ppe_net")
    short = [current] if current.facts else [cash, receivables, inventory]
    if built.value is None:
        invested = _line(figures, "long_term_investments")
        rule = f"assets of FY{year} that are neither current, goodwill nor investments: no PP&E"
        built = _with(whole, f"{rule} is filed", less=[*short, goodwill, invested])
    return {
        "cash": cash,
        "receivables": receivables,
        "inventory": inventory,
        "other_current_assets": _with(
            current,
            f"current assets − cash − receivables − inventory of FY{year}",
            less=[cash, receivables, inventory],
        ),
        "fixed_assets": built,
        "intangibles": goodwill,
        "other_assets": _with(
            whole,
            f"assets − current assets − PP&E − goodwill of FY{year}",
            less=[*short, built, goodwill],
        ),
        "total_assets": whole,
    }


def _claims(figures: Figures, year: int) -> Lines:
    current, payables = _line(figures, "current_liabilities"), _line(figures, "payables")
    owed = debt(figures)
    later = figures.tagged("LongTermDebtNoncurrent", "LongTermDebtAndCapitalLeaseObligations")
    due = _line(figures, "short_term_debt")
    if owed.facts and later is not None:
        long = filed(figures.adjusted(later))
        due = _with(owed, f"debt of FY{year} that falls due within a year", less=[long])
    other = _with(
        current,
        f"current liabilities − payables − debt due of FY{year}",
        less=[payables, due] if owed.facts else [payables],
    )
    minorities = _line(figures, "minority_interest")
    own, equity = _line(figures, "stockholders_equity"), _line(figures, "equity_incl_nci")
    if equity.value is None:
        equity = _with(own, f"shareholders' equity + minorities of FY{year}", plus=[minorities])
    elif minorities.value is None and own.value is not None:
        minorities = _with(equity, f"equity − shareholders' equity of FY{year}", less=[own])
    preferred, retained = _line(figures, "preferred_equity"), _line(figures, "retained_earnings")
    rest = missing(f"Neither assets nor equity tell other liabilities of FY{year}")
    if equity.facts:
        rest = _with(
            _line(figures, "total_assets"),
            f"assets − equity − payables − debt − other current liabilities of FY{year}",
            less=[equity, payables, owed, other],
        )
    liabilities = _line(figures, "total_liabilities")
    claims = missing(f"Not both liabilities and equity are filed for FY{year}")
    if equity.facts and liabilities.facts:
        claims = _with(liabilities, f"liabilities + equity of FY{year}", plus=[equity])
    elif equity.facts:
        whole = _line(figures, "total_assets")
        liabilities = _with(whole, f"assets − equity of FY{year}", less=[equity])
    return {
        "payables": payables,
        "other_current_liabilities": other,
        "debt": owed,
        "other_liabilities": rest,
        "minority_interests": minorities,
        "preferred": preferred,
        "paid_in": retained
        if retained.value is None
        else _with(
            equity,
            f"equity − minorities − preferred − retained earnings of FY{year}",
            less=[minorities, preferred, retained],
        ),
        "retained": retained,
        "total_equity": equity,
        "total_liabilities": liabilities,
        "total_claims": claims,
    }


def _cash_flow(figures: Figures, sheet: Lines) -> Lines:
    operations, spent = _line(figures, "cfo"), _line(figures, "capex")
    free = spent
    if spent.facts:
        rule = f"from operations − capital expenditure of FY{figures.year}"
        free = _with(operations, rule, less=[spent])
    return {
        "from_operations": operations,
        "capital_expenditure": spent,
        "free_cash_flow": free,
        "debt_issued": _line(figures, "debt_issued"),
        "debt_repaid": _line(figures, "debt_repaid"),
        "dividends": _line(figures, "dividends_paid"),
        "buybacks": _line(figures, "buybacks"),
        "net_change": _change(sheet["cash"], _assets(figures.earlier(), figures.year - 1)["cash"]),
    }


def _change(now: Told, before: Told) -> Told:
    if before.value is None:
        return before
    return _with(now, "cash and short-term investments less those a year before", less=[before])
