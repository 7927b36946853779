"""What routes and page scripts of one process share: pages run in threads beside the routes."""

from dataclasses import dataclass

from app.web.callers import Callers


@dataclass(slots=True)
class Process:
    """Set once at start."""

    callers: Callers | None = None
    provider: str = ""  # how people call the identity provider, where there is one


PROCESS = Process()
