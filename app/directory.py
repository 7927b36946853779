"""The pages there are: how each is called, what it is for, and who may read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from valor_core.settings import ROOT
from valor_core.tenancy.access import MAY
from valor_core.values import Caller

PAGES = ROOT / "pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A page: where it stands, what it is for, and the act that its readers must be allowed."""

    name: str
    title: str
    icon: str
    purpose: str
    act: str

    @property
    def file(self) -> Path:
        """The script of the page."""
        return PAGES / f"{self.name}.py"

    def open_to(self, who: Caller) -> bool:
        """Whether the role of the caller may read the page."""
        return who.role in MAY[self.act]


def _place(name: str, title: str, icon: str, purpose: str, *, act: str) -> Place:
    return Place(name=name, title=title, icon=f":material/{icon}:", purpose=purpose, act=act)


GROUPS: Mapping[str, tuple[Place, ...]] = {
    "": (
        _place("home", "Home", "home", "Where one begins.", act="health.read"),
    ),
    "Companies": (
        _place(
            "coverage", "Coverage", "table_view",
            "All companies with their growth, margins and newest value.", act="company.read",
        ),
        _place(
            "company", "Company", "domain",
            "Statements by year, each number down to its filing, and what was restated.",
            act="fact.read",
        ),
        _place(
            "market_data", "Market data", "candlestick_chart",
            "Prices, yields and exchange rates from providers, and what is doubted about them.",
            act="series.read",
        ),
    ),
    "Models": (
        _place(
            "dcf", "DCF", "calculate",
            "Value a company from its filed facts and your assumptions.", act="draft.read",
        ),
        _place(
            "dcf_direct", "Stated cash flows", "edit_note",
            "Value a company by free cash flows of your own.", act="draft.read",
        ),
        _place(
            "statements", "Statements", "table_rows",
            "Income, balance sheet and cash flow that tie, filed years beside expected ones.",
            act="draft.read",
        ),
        _place(
            "reconciliation", "Reconciliation", "balance",
            "One plan valued by seven methods: that they agree, and why where they do not.",
            act="draft.read",
        ),
        _place(
            "dividends", "Dividends and residual income", "savings",
            "Value a share by what is paid out, or by book equity: banks and insurers too.",
            act="draft.read",
        ),
        _place(
            "lbo", "LBO", "account_balance",
            "Buy a company with debt, serve it, sell it: what the sponsor makes.", act="draft.read",
        ),
        _place(
            "merger", "Merger", "merge",
            "Buy another company: what it costs, and what it does to earnings per share.",
            act="draft.read",
        ),
        _place(
            "options", "Real options", "alt_route",
            "Value the right to wait, expand, give up or choose, and see when to act.",
            act="draft.read",
        ),
        _place(
            "comparables", "Comparables", "groups",
            "Hold a company against its peers: their multiples, and what they make of its shares.",
            act="draft.read",
        ),
        _place(
            "credit", "Credit", "credit_score",
            "How a company bears its debt: cover, distress scores, a rating for its DCF.",
            act="draft.read",
        ),
        _place(
            "returns", "Returns", "payments",
            "What dated or yearly flows return: NPV, every IRR or why none, MIRR, multiples.",
            act="draft.read",
        ),
        _place(
            "simulation", "Simulation", "ssid_chart",
            "How far a value or a return spreads when its drivers vary, and which one moves it.",
            act="draft.read",
        ),
        _place(
            "batch", "Batch", "dynamic_feed",
            "Value all companies by one policy, and see why some have no value.", act="batch.run",
        ),
    ),
    "Results": (
        _place(
            "valuations", "Valuations", "inventory_2",
            "Open saved values, follow their workings, compare two.", act="valuation.read",
        ),
        _place(
            "screen", "Screen", "filter_alt",
            "Find companies by their figures in a published snapshot.", act="snapshot.read",
        ),
        _place(
            "explore", "Explore", "pivot_table_chart",
            "Filter, group and chart what a snapshot holds, keep the view and share it.",
            act="snapshot.explore",
        ),
        _place(
            "snapshots", "Snapshots", "photo_camera",
            "Keep all that there is at one moment, look at it again, prove that it is unchanged.",
            act="snapshot.read",
        ),
        _place(
            "reports", "Reports", "description",
            "Valuations, bills and more as pages of their own, to read offline, print and keep.",
            act="report.read",
        ),
        _place(
            "workbook_audit", "Workbook audit", "rule",
            "Search somebody's spreadsheet for the mistakes that change a value.",
            act="workbook.audit",
        ),
        _place(
            "proof", "Proof", "fact_check",
            "Published cases, each figure as printed beside ours.", act="health.read",
        ),
    ),
    "Administration": (
        _place(
            "installation", "Installation", "dns",
            "Tenants, their plans and features, and the billing provider's inbox.",
            act="tenant.read",
        ),
        _place(
            "jobs", "Jobs", "schedule",
            "What is done in the background, when, and what came of it.", act="job.read",
        ),
        _place(
            "providers", "Providers", "cell_tower",
            "How the data providers stand, how good they were, and whom one asks.",
            act="routing.read",
        ),
        _place(
            "limits", "Plan & limits", "speed",
            "What your tenant may use, what is left of it, and until when.",
            act="member.names",  # it tells by name who changed a plan; an operator has the command
        ),
        _place(
            "members", "Members", "group",
            "Who may come in and in which role: take in, change, suspend, remove.",
            act="member.read",
        ),
        _place(
            "keys", "API keys", "key",
            "Let a program or a notebook use the API, within what a key is good for.",
            act="key.add_own",
        ),
        _place(
            "sessions", "Sessions", "devices",
            "Where you are signed in, from which browser, and how to end it.", act="session.list",
        ),
        _place(
            "audit", "Audit", "verified_user",
            "Who did what and when, in a log that can be verified.", act="audit.read",
        ),
        _place(
            "billing", "Billing", "receipt_long",
            "What was used beside what was billed, each difference with its cause.",
            act="billing.read",
        ),
    ),
}  # fmt: skip
"""The pages by what one comes for, in the order of the list beside each page."""

PLACES = tuple(chain.from_iterable(GROUPS.values()))
PLACE = {place.name: place for place in PLACES}
