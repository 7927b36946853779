import hashlib

from tests.browser.browser import AXE


def test_axe_is_the_file_that_its_makers_published():
    digest, name = (AXE.parent / "SHA256SUMS").read_text().split()

    assert name == AXE.name
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() == digest
    licence = (AXE.parent / "LICENSE-axe-core.txt").read_text()
    assert licence.startswith("Mozilla Public License, version 2.0")
