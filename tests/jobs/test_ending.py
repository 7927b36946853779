"""Whatever a notebook has started ends with it."""

import subprocess
import sys

import pytest

from valor_core.settings import ROOT

CHAIN = "import os\nfor _ in range(5000):\n if os.fork(): os._exit(0)\nprint('survived')"
STARTS_OTHERS = """
import subprocess, sys
from jobs.notebook_child import _adopt_orphans, _end_family
_adopt_orphans()
subprocess.Popen([sys.executable, "-c", sys.argv[1]], start_new_session=True).wait()
_end_family()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to whom they are of")
def test_what_starts_another_and_ends_before_one_looks_is_ended_too():
    done = subprocess.run(
        [sys.executable, "-c", STARTS_OTHERS, CHAIN], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )

    assert done.stdout == b"", "all that it started holds this pipe open"
