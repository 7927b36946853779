"""Files that wait to be fetched: bounded in size, a tenant's own, for who may make them."""

import hashlib

import pytest

from app.prepared import MOST_BYTES, Prepared, PreparedFiles
from tests.conftest import ONLY_SQLITE
from valor_core.errors import AccessDenied, NotFound
from valor_core.values import Caller
from valor_core.workbench.verb import open_work

pytestmark = ONLY_SQLITE


def of_bytes(raw: bytes) -> Prepared:
    return Prepared(act="workbook.audit", name="a.csv", media_type="text/csv", raw=raw)


def fetched(files: PreparedFiles, caller: Caller, address: str) -> bytes:
    with open_work(caller) as work:
        return files.found(work, address.rpartition("/")[2]).raw


def test_a_file_is_found_by_its_own_tenant_alone_and_by_who_may_make_it(acme, rival):
    """S7."""
    files = PreparedFiles()
    address = files.keep(acme.analyst, of_bytes(b"found"))

    assert address.endswith(hashlib.sha256(b"found").hexdigest())
    assert fetched(files, acme.admin, address) == b"found"
    with pytest.raises(NotFound):
        fetched(files, rival.analyst, address)
    with pytest.raises(AccessDenied):
        fetched(files, acme.viewer, address)
    with pytest.raises(AccessDenied):
        files.keep(acme.viewer, of_bytes(b"not mine to make"))


def test_a_tenants_oldest_files_go_first_and_no_other_tenants(acme, rival):
    files, half = PreparedFiles(), MOST_BYTES // 2
    others = files.keep(rival.analyst, of_bytes(b"theirs"))
    old, again, new = (of_bytes(letter * half) for letter in (b"a", b"b", b"c"))
    gone, kept = files.keep(acme.analyst, old), files.keep(acme.analyst, again)
    files.keep(acme.analyst, new)

    with pytest.raises(NotFound):
        fetched(files, acme.analyst, gone)
    assert fetched(files, acme.analyst, kept) == again.raw
    assert fetched(files, rival.analyst, others) == b"theirs"
