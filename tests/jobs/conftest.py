"""A tenant with the shared book of real companies at hand."""

import pytest

from tests.conftest import World
from valor_core.workbench.demo import seed_demo


@pytest.fixture
def book(world: World) -> World:
    seed_demo(world.store)
    return world
