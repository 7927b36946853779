"""Who reaches past the own tenant is refused like anybody who errs, and it stands in the log.

Nothing takes a tenant from a request: it is the caller's, by sign-in or key. A tenant that is named
in a body or a query is therefore a mistake, or somebody who tries the wall; a cursor of another
tenant is to us any cursor that was not given out for this list.
"""

import unicodedata
from collections.abc import Iterator
from typing import Any

from fastapi import Request

from app.api.paging import BadCursor
from valor_core.errors import ValorError
from valor_core.values import PLATFORM, Caller, printable
from valor_core.workbench import people
from valor_core.workbench.verb import log_refusal, open_work, the_store

NAMES = frozenset({"tenant", "tenant_id", "tenantid"})
OF_WHAT_WAS_SENT = (400, 404, 422)  # an act that the role may not do is logged by the act itself
NAME_MAX = 20  # a longer name is none of these; to spell a megabyte anew takes eighteen
SHOWN = 40


def log_if_foreign(request: Request, error: ValorError) -> None:
    """An entry in the caller's log where the refused request reaches past the caller's tenant."""
    caller: Caller | None = request.scope.get("state", {}).get("caller")
    if caller is None or error.status not in OF_WHAT_WAS_SENT:
        return
    if isinstance(error, BadCursor):
        log_refusal(the_store(), caller, "access.foreign", target="cursor")
    elif named := foreign_tenant(request, caller):
        log_refusal(the_store(), caller, "access.foreign", target=f"tenant:{named}")


def foreign_tenant(request: Request, caller: Caller) -> str:
    """Another tenant that the request names in its query or body; empty where it names none.

    Operators are there to name tenants.
    """
    if caller.tenant_id == PLATFORM:
        return ""
    sent = [dict([pair]) for pair in request.query_params.multi_items()]
    named = tenants_named([*sent, getattr(request.state, "sent", None)])
    others = [each for each in named if each and each != caller.tenant_id]
    if not others:
        return ""
    with open_work(caller) as work:
        slug = people.me(work).slug
    return next((printable(str(each), most=SHOWN) for each in others if each != slug), "")


def tenants_named(document: Any) -> Iterator[Any]:
    """What stands under the name of a tenant, however deep and however the name is spelt.

    >>> list(tenants_named([{"tenant_id": "a"}, {"plan": {"TenantID": "b", "tenant-id": ["c"]}}]))
    ['a', 'b', ['c']]
    """
    if isinstance(document, dict):
        for name, each in document.items():
            if len(name) <= NAME_MAX and _plain(name) in NAMES:
                yield each
            yield from tenants_named(each)
    elif isinstance(document, list):
        for each in document:
            yield from tenants_named(each)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).lower().replace("-", "_")
