"""What the documentation says of the screen is what there is."""

from valor_core.settings import ROOT
from valor_core.snapshots.datasets import DATASETS
from valor_core.snapshots.measures import MEASURE


def test_the_documentation_names_every_dataset_and_every_measure():
    told = (ROOT / "docs" / "snapshots.md").read_text()

    assert [name for name in (*DATASETS, *MEASURE) if f"`{name}`" not in told] == []
