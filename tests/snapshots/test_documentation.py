"""What the documentation says of the screen is what there is."""

from valor_core.settings import ROOT
from valor_core.snapshots.datasets import DATASETS
from valor_core.snapshots.measures import MEASURE
from valor_core.snapshots.view import FILTERS, GRAINS, WORDS


def test_the_documentation_names_every_dataset_and_every_measure():
    told = (ROOT / "docs" / "snapshots.md").read_text()

    assert [name for name in (*DATASETS, *MEASURE) if f"`{name}`" not in told] == []


def test_the_documentation_names_every_figure_grain_and_filter():
    told = (ROOT / "docs" / "analytics.md").read_text()
    words = {*WORDS, *GRAINS, *(how for hows in FILTERS.values() for how in hows)}

    assert [word for word in words if f"`{word}`" not in told] == []
