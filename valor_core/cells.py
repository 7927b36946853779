"""What may stand in a cell of a table that leaves: no text that a spreadsheet computes."""

import unicodedata
from typing import Any

_BEGINS = ("=", "+", "-", "@", "|", ";", ",")


def inert(cell: Any) -> Any:
    """The cell as it is, but a text that a spreadsheet may take for a formula is marked as a text.

    >>> inert("=1+1"), inert(" ＝1+1"), inert(-1.5), inert("Acme")
    ("'=1+1", "' ＝1+1", -1.5, 'Acme')
    """
    if not isinstance(cell, str):
        return cell
    shown = "".join(filter(str.isprintable, unicodedata.normalize("NFKC", cell))).lstrip()
    risky = shown.startswith(_BEGINS) or cell.startswith(("\t", "\r", "\n"))
    return f"'{cell}" if risky else cell
