"""What came of a simulation beside the server: its figures, and its scenarios as a file."""

from typing import Any

from app.prepared import PREPARED, Prepared
from valor_core.values import Caller


def with_draws_prepared(who: Caller, figures: dict[str, Any], raw: bytes) -> dict[str, Any]:
    """The figures, with the address at which the caller's tenant fetches the scenarios if any."""
    if not raw:
        return figures
    file = Prepared(
        act="simulation.run",
        name=f"valor-simulation-{figures['run_id'][:12]}.parquet",
        media_type="application/vnd.apache.parquet",
        raw=raw,
    )
    return figures | {"draws": PREPARED.keep(who, file)}
