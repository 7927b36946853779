"""On which version a change was made: `If-Match` with the ETag that was read."""

import re
from typing import Annotated

from fastapi import Header

from valor_core.errors import Conflict

NONE_YET = '"v0"'
IfMatch = Annotated[str, Header(max_length=40)]


class IfMatchMissing(Conflict):
    """A change must say which version it was made on."""

    code, status = "if_match_missing", 428

    def __init__(self) -> None:
        super().__init__(
            "This change does not say which version it was made on.",
            hint=f"Send If-Match with the ETag that you read; {NONE_YET} where there is none yet.",
        )


def numbered(if_match: str) -> int:
    """The version that a change of a counted one was made on."""
    found = re.fullmatch(r'"v([0-9]{1,18})"', if_match.strip())
    if found is None:
        raise IfMatchMissing
    return int(found[1])


def version_of(if_match: str) -> str | None:
    """The version that a change was made on; None for `*`, which takes whatever is there."""
    found = re.fullmatch(r'"(\w{1,36})"|\*', if_match.strip())
    if found is None:
        raise IfMatchMissing
    return found[1]
