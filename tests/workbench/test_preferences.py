"""In what amounts of money are shown: as each has chosen, else as the tenant has it."""

import pytest

from tests.conftest import ONLY_SQLITE, World
from valor_core.amounts import Scale
from valor_core.errors import AccessDenied
from valor_core.values import Caller
from valor_core.workbench import preferences
from valor_core.workbench.verb import open_work


def shown(who: Caller) -> Scale:
    with open_work(who) as work:
        return preferences.amounts_in(work).shown


def test_each_sees_their_own_choice_and_all_others_that_of_the_tenant(world: World):
    acme = world.acme
    with open_work(acme.analyst) as work:
        preferences.show_me(work, Scale.BILLIONS)
    with open_work(acme.admin) as work:
        preferences.show_everybody(work, Scale.THOUSANDS)

    assert shown(acme.analyst) is Scale.BILLIONS
    assert shown(acme.viewer) is Scale.THOUSANDS
    assert shown(world.rival.analyst) is Scale.MILLIONS

    with open_work(acme.analyst) as work:
        preferences.show_me(work, Scale.MILLIONS)
    assert shown(acme.analyst) is Scale.MILLIONS
    for _ in range(2):
        with open_work(acme.analyst) as work:
            preferences.show_me(work, None)
        assert shown(acme.analyst) is Scale.THOUSANDS


@ONLY_SQLITE
def test_only_an_administrator_chooses_for_all(world: World):
    with pytest.raises(AccessDenied), open_work(world.acme.analyst) as work:
        preferences.show_everybody(work, Scale.BILLIONS)
