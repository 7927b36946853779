"""Files that a page has made ready, kept until they are fetched by whoever may make them.

A page cannot answer with a file, and the framework's own store asks nobody who he is. Files live
as long as the server; a tenant's oldest go first.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from valor_core.errors import NotFound
from valor_core.store.work import Work
from valor_core.tenancy.access import require
from valor_core.values import Caller, TenantId
from valor_core.workbench.verb import allowed

MOST_BYTES = 64_000_000
"""Of a tenant, in all its files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A file, and the act by which it was made."""

    act: str
    name: str
    media_type: str
    raw: bytes

    @property
    def id(self) -> str:
        """The SHA-256 of what it holds, so that making it again makes no second one."""
        return hashlib.sha256(self.raw).hexdigest()


class PreparedFiles:
    """The newest files of each tenant."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._of: dict[TenantId, OrderedDict[str, Prepared]] = {}

    def keep(self, caller: Caller, file: Prepared) -> str:
        """The address at which it can be fetched; AccessDenied unless the caller may make it."""
        require(caller, file.act)
        with self._lock:
            kept = self._of.setdefault(caller.tenant_id, OrderedDict())
            kept[file.id] = file
            kept.move_to_end(file.id)
            while len(kept) > 1 and sum(len(each.raw) for each in kept.values()) > MOST_BYTES:
                kept.popitem(last=False)
        return f"/api/v1/files/{file.id}"

    def found(self, work: Work, file_id: str) -> Prepared:
        """The tenant's file of that id, for whoever may make one like it."""
        file = self._of.get(work.caller.tenant_id, {}).get(file_id)
        if file is None:
            raise NotFound("file", file_id[:80])
        allowed(work, file.act)
        return file


PREPARED = PreparedFiles()
