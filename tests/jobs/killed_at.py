"""A process whose children do what is due and kill themselves by SIGKILL at a stage.

`python -m tests.jobs.killed_at URL TENANT` reads lines of a moment and a stage at which a
child ends that does what is due then, and says how each has ended.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jobs import reports as making
from jobs import runner
from jobs.code_version import code_version
from jobs.notebook_run import Ended, Limits
from jobs.schedule import JOBS
from valor_core.store.engines import Store
from valor_core.values import Caller, Role, TenantId
from valor_core.workbench import jobs, reports, snapshots
from valor_core.workbench.verb import open_work

SHORT = Limits(lease=timedelta(seconds=0.3))  # nobody waits long for who is dead
STAGES: Mapping[str, tuple[Any, str, bool]] = {  # of whom, which act, and whether it is done first
    "sla: it was asked for": (runner, "ask_for_due_slots", True),
    "sla: its figures are gathered": (reports, "gather", True),
    "sla: its folder is laid out": (making, "_lay_out", True),
    "sla: its notebook has ended": (making, "run_child", True),
    "sla: its end is told, not committed": (jobs, "finish_run", True),
    "snapshot: it is held": (runner, "take", True),
    "snapshot: a part is written": (snapshots, "write_part", True),
    "snapshot: its files are there": (snapshots, "cut_snapshot", True),
    "snapshot: its row is made, not committed": (snapshots, "keep_snapshot", True),
    "snapshot: it is published, its end not told": (jobs, "finish_run", False),
}


def due_alone(job: str, tenant_id: str) -> None:
    """Only this job of this tenant is looked at, and its notebook and page take no time."""
    runner.JOBS = tuple(each for each in JOBS if each.name == job)
    runner.active_tenants = lambda store: [TenantId(tenant_id)]
    making.run_child = at_once
    making.print_page = lambda folder, environment: False


def at_once(order: Mapping[str, Any], **_options: object) -> Ended:
    """As a notebook leaves its folder."""
    folder = Path(order["folder"])
    told = json.loads((folder / "input.json").read_text())
    (folder / "result.json").write_text(json.dumps({"run_id": told["run_id"]}))
    (folder / "report.html").write_text("<p>The report.</p>")
    return Ended(code=0)


def killed(of: Any, name: str, *, done_first: bool) -> None:
    """From here on the act ends this process."""
    act: Callable[..., Any] = getattr(of, name)

    def last(*given: Any, **named: Any) -> None:
        if done_first:
            act(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(of, name, last)


def main(url: str, tenant_id: str) -> None:
    """One child a stage, each with its own connections."""
    code_version()  # all that takes time is there before the children begin
    with open_work(Caller(tenant_id=TenantId(tenant_id), user_id="", role=Role.VIEWER), Store(url)):
        import pyarrow.parquet  # noqa: F401
    for line in sys.stdin:
        now, stage = line.strip().split(maxsplit=1)
        child = os.fork()
        if not child:
            due_alone(stage.partition(":")[0], tenant_id)
            of, name, done_first = STAGES[stage]
            killed(of, name, done_first=done_first)
            runner.tick(Store(url), now=datetime.fromisoformat(now), limits=SHORT)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
