import pytest

from app.web.components import none_of_other_packages


@pytest.fixture(scope="session", autouse=True)
def _as_served() -> None:
    """Each page runs in an application of its own, which would look for components once more."""
    none_of_other_packages()
