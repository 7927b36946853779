import subprocess
import sys
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path

from valor_core.settings import ROOT


def test_folders_are_compiled_with_a_visible_progress_and_bad_python_stops_nothing(tmp_path):
    folder = tmp_path / "a folder"
    (folder / "inner").mkdir(parents=True)
    sound = [folder / "one.py", folder / "inner" / "two.py"]
    for module in sound:
        module.write_text("x = 1\n")
    (folder / "broken.py").write_text("x = = 1\n")

    told = subprocess.run(
        [sys.executable, ROOT / "app" / "compiling.py", folder],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "3 of 3 files byte-compiled" in told.stderr
    for module in sound:
        assert Path(cache_from_source(str(module))).read_bytes().startswith(MAGIC_NUMBER)
