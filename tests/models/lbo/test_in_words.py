"""What a careful reader would question in a buyout."""

import pytest

from tests.models.lbo.deals import a_deal
from valor_core.models.catalogue import checks_of, model_of
from valor_core.models.lbo.buyout import leveraged_buyout
from valor_core.models.lbo.covenants import Covenant, Measure
from valor_core.models.lbo.debt import InterestOn, Sweep, SweepOf
from valor_core.models.lbo.tranches import Tranche
from valor_core.models.paths import constant
from valor_core.models.taxes import TaxBase, Taxes


def failed(inputs):
    return {c.name for c in checks_of(inputs, leveraged_buyout(inputs)) if not c.passed}


def test_an_ordinary_deal_passes_every_check():
    assert failed(a_deal()) == set()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"exit_multiple": 10.5}, "exit_multiple"),
        ({"exit_multiple": 1.0}, "wiped_out"),
        ({"tranches": (Tranche(face=810.0, cash_rate=0.05),)}, "leverage"),
        ({"tranches": (Tranche(face=810.0, cash_rate=0.05),)}, "equity_share"),
        ({"tranches": (Tranche(face=300.0, cash_rate=0.05, maturity=2),)}, "funded"),
        (
            {"covenants": (Covenant(measure=Measure.LEVERAGE, limit=constant(4.0)),)},
            "covenants",
        ),
    ],
)
def test_what_is_out_of_line_is_told(changes, name):
    assert name in failed(a_deal(**changes))


def test_a_deal_that_is_funded_says_so_instead_of_a_shortfall_of_nothing():
    told = {c.name: c.message for c in checks_of(a_deal(), leveraged_buyout(a_deal()))}

    assert told["funded"] == "Cash pays all that is due until the exit."


def test_the_conventions_say_what_the_options_decide():
    plain = a_deal()
    other = a_deal(
        interest_on=InterestOn.OPENING,
        sweep=Sweep(of=SweepOf.ALL_CASH),
        taxes=Taxes(rate=constant(0.25), base=TaxBase.UNLEVERED),
    )

    told, changed = (model_of(deal).conventions(deal) for deal in (plain, other))

    assert {name for name in told if told[name] != changed[name]} == {"Interest", "Sweep", "Tax"}
