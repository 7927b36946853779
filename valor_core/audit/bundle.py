"""An export of a log with all that an outsider needs to check it: entries, proofs, keys, verifier.

Every file is named with its digest in a signed manifest, and each has one spelling only, so that no
byte of the bundle can change unseen. The verifier in it is `offline.py`, as it stands here.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from valor_core.audit import checkpoints, offline
from valor_core.audit.entries import Entry
from valor_core.audit.keys import public_keys, signing_keys
from valor_core.audit.merkle import Tree
from valor_core.audit.notes import Checkpoint, signed_lines, verifier_key
from valor_core.audit.verify import SEALED, Verdict, stored_entries
from valor_core.store.tables import AuditLogRow
from valor_core.store.work import Work

MANIFEST = "manifest.txt"
HEXES = ("salt", "payload_digest", "leaf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """An entry with the proof that it stands in a log of which a checkpoint vouches."""

    entry: Entry
    size: int
    hashes: tuple[bytes, ...]
    checkpoint: str

    def as_dict(self) -> dict[str, Any]:
        """As JSON tells it, bytes in hexadecimal."""
        return {
            "entry": json.loads(line_of(self.entry)),
            "index": self.entry.seq - 1,
            "size": self.size,
            "hashes": [step.hex() for step in self.hashes],
            "checkpoint": self.checkpoint,
        }


def line_of(entry: Entry) -> str:
    """The entry as one line of JSON, bytes in hexadecimal; text that is no text stays as it is.

    Without its MAC, which nobody can check who has not the key.
    """
    told: dict[str, Any] = {name: getattr(entry, name) for name in Entry.__slots__}
    del told["mac"]
    told |= {name: told[name].hex() for name in HEXES if told[name] is not None}
    if entry.payload is not None:
        told["payload"] = entry.payload.decode(errors="surrogateescape")
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def tree_of(work: Work) -> Tree:
    """The tree over all entries of the caller's tenant's log."""
    return Tree([entry.leaf for entry in stored_entries(work)])


def newest_checkpoint(work: Work) -> tuple[str, Checkpoint | None]:
    """The newest checkpoint of the caller's tenant's log, as it was signed and what it says."""
    note = checkpoints.newest_note(work)
    return note, checkpoints.opened_or_none(note, work.caller.tenant_id)


def prove(work: Work, seq: int) -> Proven | None:
    """The proof of an entry under the newest checkpoint; None where that is older than it."""
    note, point = newest_checkpoint(work)
    found = list(stored_entries(work, AuditLogRow.seq == seq))
    if point is None or not found or not 0 < seq <= point.size:
        return None
    hashes = tree_of(work).inclusion_proof(seq - 1, point.size)
    return Proven(entry=found[0], size=point.size, hashes=tuple(hashes), checkpoint=note)


def prove_sealed(work: Work, tenant_id: str) -> Proven | None:
    """That the installation's log, the caller's, tells of a tenant's newest checkpoint."""
    rows = AuditLogRow.action == SEALED, AuditLogRow.target == f"tenant:{tenant_id}"
    seqs = [entry.seq for entry in stored_entries(work, *rows)]
    return prove(work, seqs[-1]) if seqs else None


def write(work: Work, folder: Path, verdict: Verdict, sealed: Proven | None) -> None:
    """Writes the bundle of the caller's tenant's log into a folder that is empty."""
    tenant, leaves = work.caller.tenant_id, []
    with (folder / "entries.jsonl").open("w", encoding="utf-8") as file:
        for entry in stored_entries(work):
            leaves.append(entry.leaf)
            file.write(f"{line_of(entry)}\n")
    notes = checkpoints.all_notes(work)
    points = [checkpoints.opened_or_none(note, tenant) for note in notes]
    sizes = sorted({point.size for point in points if point and point.size <= len(leaves)})
    origin = checkpoints.origin_of(tenant)
    texts = {
        "checkpoints.jsonl": _lines(json.dumps({"note": note}) for note in notes),
        "leaves.txt": _lines(leaf.hex() for leaf in leaves),
        "proofs.json": _json(_proofs(Tree(leaves), sizes, sealed)),
        "public_key.txt": _lines(verifier_key(origin, public) for public in public_keys()),
        "verdict.json": _json(_told(verdict)),
        "verify.py": Path(offline.__file__).read_text(encoding="utf-8"),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    digests = [f"{_sha256(folder / name)}  {name}" for name in sorted([*texts, "entries.jsonl"])]
    manifest = signed_lines(f"valor-ivx/bundle/{tenant}", digests, signing_keys()[-1])
    (folder / MANIFEST).write_text(manifest, encoding="utf-8")


def _proofs(tree: Tree, sizes: Sequence[int], sealed: Proven | None) -> Mapping[str, Any]:
    """That each checkpoint's log is the beginning of the next one's, and where the last is told."""
    consistency = [
        {"old": old, "new": new, "hashes": [h.hex() for h in tree.consistency_proof(old, new)]}
        for old, new in pairwise(size for size in sizes if size)
    ]
    installation = sealed and {
        name: told for name, told in sealed.as_dict().items() if name != "size"
    }
    return {"consistency": consistency, "installation": installation}


def _told(verdict: Verdict) -> Mapping[str, Any]:
    return {
        "tenant": verdict.tenant_id,
        "size": verdict.size,
        "head": verdict.head,
        "findings": [{"seq": f.seq, "kind": f.kind} for f in verdict.findings],
    }


def _lines(texts: Iterable[str]) -> str:
    return "".join(f"{text}\n" for text in texts)


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":")) + "\n"


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
