"""A report on paper: the browser that prints it sees the page and nothing else of the machine."""

import os
import re
from pathlib import Path

import pytest

from jobs.printing import PDF, print_page
from jobs.rendering import _page
from tests.needs import needed


def test_a_page_that_goes_on_to_a_file_of_the_machine_is_printed_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("VALOR_CHROMIUM", str(needed("browser")))
    run, other = tmp_path / "run", tmp_path / "other.txt"
    run.mkdir()
    other.write_text("of another tenant\n" * 1_000)  # many sheets
    goes_on = f"<p>The report.</p><script>location.href = '{other.as_uri()}'</script>"
    (run / "report.html").write_text(_page("Report", goes_on, with_charts=False))

    assert print_page(run, {"PATH": os.environ["PATH"]})

    assert len(re.findall(rb"/Type /Page\b", (run / PDF).read_bytes())) == 1
    assert sorted(each.name for each in run.iterdir()) == ["report.html", PDF]
