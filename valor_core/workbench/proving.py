"""What an outsider is given of the log: proofs of single entries, and the whole as a bundle."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from valor_core.audit import bundle, log, verify
from valor_core.audit.bundle import Proven
from valor_core.audit.checkpoints import origin_of
from valor_core.audit.keys import public_keys
from valor_core.audit.notes import verifier_key
from valor_core.audit.verify import Verdict
from valor_core.errors import BadInput, Conflict, NotFound
from valor_core.store.engines import Store
from valor_core.store.work import Work, unit_of_work
from valor_core.values import Caller
from valor_core.workbench import setup
from valor_core.workbench.sealing import seal_log
from valor_core.workbench.verb import open_work, verb, view


class NotSealedYet(Conflict):
    """No checkpoint vouches for the entry yet, so nothing can be proven of it."""

    code = "not_sealed_yet"

    def __init__(self, seq: int, sealed: int) -> None:
        super().__init__(
            f"Entry {seq} is newer than the newest checkpoint, which vouches for {sealed}.",
            hint="Wait for the next checkpoint, which comes within the hour, or export the log.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """The newest checkpoint of a log, and the public keys that check it."""

    note: str
    size: int
    keys: tuple[str, ...]


@view("audit.prove")
def read_checkpoint(work: Work) -> Signed:
    """The newest checkpoint of the tenant's log."""
    note, point = bundle.newest_checkpoint(work)
    origin = origin_of(work.caller.tenant_id)
    keys = tuple(verifier_key(origin, public) for public in public_keys())
    return Signed(note=note, size=point.size if point else 0, keys=keys)


@view("audit.prove")
def prove_entry(work: Work, seq: int) -> Proven:
    """That the entry stands in the log, by the newest checkpoint."""
    size, _ = log.head(work)
    if not 0 < seq <= size:
        raise NotFound("entry", str(seq)[:20])
    proven = bundle.prove(work, seq)
    if proven is None:
        raise NotSealedYet(seq, read_checkpoint(work).size)
    return proven


@view("audit.prove")
def prove_growth(work: Work, old: int, new: int) -> list[bytes]:
    """That the log of `old` entries is the beginning of that of `new`: it has only grown."""
    size, _ = log.head(work)
    if not 0 < old <= new <= size:
        raise BadInput(
            f"There is no proof from {old} to {new} entries.",
            hint=f"Choose two sizes from 1 to {size}, the smaller one first.",
        )
    return bundle.tree_of(work).consistency_proof(old, new)


@verb("audit.export")
def tell_export(work: Work) -> None:
    """Note that the log is exported, and by whom."""
    work.note(f"tenant:{work.caller.tenant_id}")


def export_log(store: Store, caller: Caller, folder: Path) -> Verdict:
    """Writes the bundle of a tenant's log into an empty folder; whether the log holds.

    What is exported is sealed first, the export's own entry included.
    """
    with open_work(caller, store) as work:
        tell_export(work)
    seal_log(store, caller.tenant_id)
    seal_log(store, setup.PLATFORM)
    with unit_of_work(setup.operator(setup.PLATFORM), store) as work:
        told = verify.sealed(work).get(caller.tenant_id)
        sealed = bundle.prove_sealed(work, caller.tenant_id)
    with open_work(caller, store) as work:
        verdict = verify.verify(work, log.keys_at_hand(work), told=told)
        bundle.write(work, folder, verdict, sealed)
    return verdict


@contextmanager
def exported(store: Store, caller: Caller) -> Iterator[Path]:
    """The bundle as a .zip that is gone when the block ends."""
    with tempfile.TemporaryDirectory(prefix="valor-export-") as name:
        folder = Path(name) / "audit"
        folder.mkdir()
        export_log(store, caller, folder)
        whole = Path(name) / "audit.zip"
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, file.name)
        yield whole
