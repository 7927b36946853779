"""What is known and decided before the statements can be forecast."""

from dataclasses import dataclass, field

from valor_core.models.fields import Unit, says, settle
from valor_core.models.lbo.debt import InterestOn
from valor_core.models.numbers import Numbers, Row
from valor_core.models.paths import Path, constant
from valor_core.models.statements.refusals import DriverOutOfRange
from valor_core.models.taxes import Taxes

NOTHING = constant(0.0)
LONGEST = 100  # years until a debt falls due


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningBalance:
    """The balance sheet at the end of the base year, without the debt that has a schedule.

    The capital paid in is what is left, so that it cannot be out of balance.
    """

    cash: Numbers = field(metadata=says("cash", Unit.MONEY))
    receivables: Numbers = field(default=0.0, metadata=says("receivables", Unit.MONEY))
    inventory: Numbers = field(default=0.0, metadata=says("inventory", Unit.MONEY))
    other_current_assets: Numbers = field(
        default=0.0, metadata=says("other current assets", Unit.MONEY)
    )
    fixed_assets: Numbers = field(
        default=0.0, metadata=says("property, plant and equipment, net", Unit.MONEY)
    )
    intangibles: Numbers = field(
        default=0.0, metadata=says("goodwill and intangible assets", Unit.MONEY)
    )
    other_assets: Numbers = field(default=0.0, metadata=says("other assets", Unit.MONEY))
    payables: Numbers = field(default=0.0, metadata=says("payables", Unit.MONEY))
    other_current_liabilities: Numbers = field(
        default=0.0, metadata=says("other current liabilities", Unit.MONEY)
    )
    revolver: Numbers = field(default=0.0, metadata=says("drawn on the revolver", Unit.MONEY))
    other_liabilities: Numbers = field(default=0.0, metadata=says("other liabilities", Unit.MONEY))
    minority_interests: Numbers = field(
        default=0.0, metadata=says("minority interests", Unit.MONEY)
    )
    preferred: Numbers = field(default=0.0, metadata=says("preferred stock", Unit.MONEY))
    retained: Numbers = field(default=0.0, metadata=says("retained earnings", Unit.MONEY))

    def __post_init__(self) -> None:
        settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A debt with a schedule: what is owed, what it costs, when it is repaid and raised.

    Rules and stated amounts add up; at maturity all that is left is repaid.
    """

    name: str = field(default="", metadata=says("what it is called"))
    balance: Numbers = field(metadata=says("owed at the end of the base year", Unit.MONEY))
    rate: Path = field(metadata=says("interest rate", Unit.RATE))
    repaid: Row | None = field(
        default=None, metadata=says("repaid each year; none: nothing", Unit.MONEY)
    )
    issued: Row | None = field(
        default=None, metadata=says("raised each year; none: nothing", Unit.MONEY)
    )
    amortisation: Path | None = field(
        default=None,
        metadata=says("repaid each year, of what the base year owed; none: a bullet", Unit.RATE),
    )
    maturity: int | None = field(
        default=None,
        metadata=says("forecast year at whose end it falls due; none: after the forecast"),
    )

    def __post_init__(self) -> None:
        settle(self)
        if self.maturity is not None and not 1 <= self.maturity <= LONGEST:
            raise DriverOutOfRange("Maturity", stated=self.maturity, least=1, most=LONGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementsInputs:
    """The drivers of three linked statements. Shares are of revenue where nothing else is said."""

    years: int = field(metadata=says("forecast years", Unit.YEARS))
    opening: OpeningBalance = field(metadata=says("balance sheet of the base year"))
    debt: tuple[Debt, ...] = field(default=(), metadata=says("debt with a schedule"))
    revenue: Numbers = field(metadata=says("revenue of the base year", Unit.MONEY))
    growth: Path = field(metadata=says("growth of revenue", Unit.RATE))
    cost_of_revenue: Path = field(metadata=says("cost of revenue without depreciation", Unit.RATE))
    operating_costs: Path = field(
        default=NOTHING, metadata=says("selling, general, research and other costs", Unit.RATE)
    )
    stock_compensation: Path = field(
        default=NOTHING, metadata=says("part of the costs that is paid in shares", Unit.RATE)
    )
    depreciation: Path = field(
        default=NOTHING, metadata=says("depreciation, of fixed assets at the start", Unit.RATE)
    )
    amortisation: Path = field(
        default=NOTHING, metadata=says("amortisation, of intangibles at the start", Unit.RATE)
    )
    capital_expenditure: Path = field(
        default=NOTHING, metadata=says("capital expenditure", Unit.RATE)
    )
    receivable_days: Path = field(
        default=NOTHING, metadata=says("days of revenue in receivables", Unit.DAYS)
    )
    inventory_days: Path = field(
        default=NOTHING, metadata=says("days of cost of revenue in inventory", Unit.DAYS)
    )
    payable_days: Path = field(
        default=NOTHING, metadata=says("days of cost of revenue in payables", Unit.DAYS)
    )
    other_current_assets: Path = field(
        default=NOTHING, metadata=says("other current assets", Unit.RATE)
    )
    other_current_liabilities: Path = field(
        default=NOTHING, metadata=says("other current liabilities", Unit.RATE)
    )
    taxes: Taxes = field(metadata=says("how profits are taxed"))
    interest_on: InterestOn = field(
        default=InterestOn.AVERAGE, metadata=says("balance that bears interest")
    )
    cash_rate: Path = field(default=NOTHING, metadata=says("interest on cash", Unit.RATE))
    minimum_cash: Numbers = field(
        default=0.0, metadata=says("cash that the company needs", Unit.MONEY)
    )
    revolver_rate: Path = field(
        default=NOTHING, metadata=says("interest on the revolver", Unit.RATE)
    )
    revolver_limit: Numbers | None = field(
        default=None, metadata=says("most drawn on the revolver; none: no limit", Unit.MONEY)
    )
    payout: Path = field(
        default=NOTHING, metadata=says("dividends, of profit to common holders", Unit.RATE)
    )
    dividends: Path | None = field(
        default=None,
        metadata=says("dividends a year whatever is earned, beside the payout", Unit.MONEY),
    )
    buyback_payout: Path = field(
        default=NOTHING, metadata=says("buybacks, of profit to common holders", Unit.RATE)
    )
    target_leverage: Path | None = field(
        default=None,
        metadata=says("net debt by EBITDA up to which more is bought back; none: no", Unit.RATIO),
    )
    buybacks: Row | None = field(
        default=None, metadata=says("shares bought back each year; none: no", Unit.MONEY)
    )
    shares_issued: Row | None = field(
        default=None, metadata=says("cash raised by new shares; none: no", Unit.MONEY)
    )
    minority_share: Path = field(
        default=NOTHING, metadata=says("part of profit that belongs to minorities", Unit.RATE)
    )
    preferred_rate: Path = field(
        default=NOTHING, metadata=says("dividend on preferred stock", Unit.RATE)
    )
    shares: Numbers = field(metadata=says("shares outstanding", Unit.SHARES))
    share_price: Path | None = field(
        default=None,
        metadata=says("price of shares bought and issued; none: the count stays",
                      Unit.MONEY_PER_SHARE),
    )  # fmt: skip

    def __post_init__(self) -> None:
        settle(self)
