"""What a notebook leaves in its folder holds nobody up and leads nowhere, whatever it is."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import dictionaries, lists, none, recursive, sampled_from, text

from jobs import left_files
from jobs.course import Course, course_of, read_course
from jobs.left_files import end_of, keep_only, keep_the_end, remove, text_of
from valor_core.settings import ROOT

WORDS = sampled_from(
    ["cells", "cell_type", "code", "markdown", "source", "#", "outputs", "metadata", "papermill"]
)
ANYTHING = recursive(
    none() | WORDS | text(max_size=3),
    lambda inner: lists(inner, max_size=4) | dictionaries(WORDS, inner, max_size=6),
    max_leaves=20,
)


@given(cells=lists(dictionaries(WORDS, WORDS | ANYTHING, max_size=5), max_size=3), other=ANYTHING)
def test_of_whatever_stands_there_a_course_is_read_or_none(tmp_path_factory, cells, other):
    folder = tmp_path_factory.mktemp("run")
    for told in ({"cells": cells}, other):
        (folder / "executed.ipynb").write_text(json.dumps(told))
        assert isinstance(read_course(folder), Course | None)


def test_a_heading_without_words_is_none_and_a_long_one_is_cut():
    headings = [{"cell_type": "markdown", "source": "#" * n + "x" * 500 * n} for n in (0, 1)]
    cell = {"cell_type": "code", "metadata": {}, "source": ""}

    for heading in ({"cell_type": "markdown", "source": "#"}, *headings):
        assert len(course_of({"cells": [heading, cell]}).at) <= 100


def test_what_is_nested_without_end_or_larger_than_is_read_tells_no_course(tmp_path: Path):
    notebook = tmp_path / "executed.ipynb"
    notebook.write_text("[" * 100_000)
    assert read_course(tmp_path) is None
    with notebook.open("wb") as file:
        file.truncate(200_000_000)
    assert read_course(tmp_path) is None


@pytest.fixture
def littered(tmp_path: Path) -> Path:
    """A run's folder in which pipes, links and folders bear the names of files."""
    folder, outside = tmp_path / "run", tmp_path / "outside"
    folder.mkdir()
    outside.write_text("not of this run")
    for name in ("executed.ipynb", "run.log", "figures.csv"):
        os.mkfifo(folder / name)
    (folder / "run.json").symlink_to(outside)
    (folder / ".private").symlink_to(tmp_path)
    (folder / "answers.json").mkdir()
    (folder / "pictures").mkdir()
    (folder / "report.html").write_text("kept")
    return folder


def test_a_pipe_holds_no_reader_and_a_link_leads_nowhere(littered: Path):
    assert read_course(littered) is None
    assert end_of(littered / "run.log", most=10) == ""
    with pytest.raises(OSError, match="symbolic links"):
        text_of(littered / "run.json", most=100)


def test_files_of_a_run_stay_and_all_else_goes_however_deep_it_lies(littered: Path):
    (littered / "scratch.bin").write_text("of no use to anybody")
    (littered / "losses.csv").write_text("kept")
    deep = os.open(littered / "pictures", os.O_RDONLY)
    for _ in range(3_000):
        os.mkdir("deeper", dir_fd=deep)
        below = os.open("deeper", os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = below
    os.close(deep)

    keep_only(littered, ("report.html", "run.json", "answers.json"))

    assert sorted(each.name for each in littered.iterdir()) == ["losses.csv", "report.html"]
    assert (littered.parent / "outside").read_text() == "not of this run"


def test_a_folder_that_was_taken_away_or_leads_elsewhere_is_made_anew(tmp_path: Path):
    gone, elsewhere = tmp_path / "gone", tmp_path / "elsewhere"
    elsewhere.symlink_to(tmp_path)

    for folder in (gone, elsewhere):
        keep_only(folder, ())
        assert list(folder.iterdir()) == []
        assert not folder.is_symlink()


def test_of_a_log_its_end_is_read(tmp_path: Path):
    (tmp_path / "run.log").write_text("a\n" * 1000 + "the end")

    assert end_of(tmp_path / "run.log", most=9) == "a\nthe end"
    assert end_of(tmp_path / "nothing", most=9) == ""
    keep_the_end(tmp_path / "run.log", most=9)
    assert (tmp_path / "run.log").read_text() == "a\nthe end"


SHUT = """
import os, sys
from pathlib import Path
from jobs.disk_use import too_much
from jobs.left_files import keep_only
if os.getuid() == 0:
    os.setuid(65534)  # nobody: what is shut is shut for nobody who may do anything
folder = Path(sys.argv[1])
(folder / "shut" / "in").mkdir(parents=True)
(folder / "shut" / "in" / "a").write_text("1")
(folder / "a.csv").write_text("1")
(folder / "a.csv").chmod(0)
(folder / "shut" / "in").chmod(0o500)
(folder / "shut").chmod(0)
print(too_much(folder, os.getpid()))
keep_only(folder, ())
print([each.name for each in folder.iterdir()], (folder / "a.csv").read_text())
"""


def test_what_a_run_has_shut_is_too_much_and_is_removed(tmp_path: Path):
    with tempfile.TemporaryDirectory() as above:  # pytest's own folders are shut for others
        Path(above).chmod(0o755)
        folder = Path(above) / "run"
        folder.mkdir()
        folder.chmod(0o777)
        done = subprocess.run(
            [sys.executable, "-c", SHUT, str(folder)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert done.stdout.splitlines() == ["folders that cannot be looked into", "['a.csv'] 1"], done


def test_what_cannot_be_removed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(left_files, "REMOVES", "/bin/false")

    with pytest.raises(OSError, match="cannot be removed"):
        remove(tmp_path / "run")
