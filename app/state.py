"""What routes and page scripts of one process share: pages run in threads beside the routes."""

from dataclasses import dataclass, field

from app.web.callers import Callers
from app.web.own_pages import Pages


@dataclass(slots=True)
class Process:
    """Set once at start."""

    callers: Callers | None = None
    pages: Pages = field(default_factory=Pages)
    provider: str = ""  # how people call the identity provider, where there is one


PROCESS = Process()
