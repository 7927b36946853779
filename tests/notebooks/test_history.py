import pytest

from tests.conftest import ONLY_SQLITE
from valor_core import notebook
from valor_core.notebook.local import LocalDesk


@ONLY_SQLITE
def test_a_history_of_shares_can_be_compared_over_time_and_facts_stay_as_filed(book):
    space = notebook.Workspace("acme", LocalDesk(book.store, book.acme.analyst))
    apple = space.company("AAPL")

    shares = apple.history("diluted_shares").diluted_shares
    filed = apple.facts.set_index(["item", "fiscal_year"]).value.diluted_shares

    assert shares[2011] == pytest.approx(28 * filed[2011])
    assert shares[2025] == filed[2025]
    assert all(0.9 < now / then < 1.1 for now, then in zip(shares[1:], shares, strict=False))
