"""What people write in their own words is kept without secrets and without personal data.

A column that holds such text says so (`info=FREE`); whatever is written there through a unit of
work goes through the one policy first, in texts and in data alike. The names of fields decide
nothing here: a scenario may be called by its name.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from valor_core.redaction import Redactor
from valor_core.store.secrets import secret

FREE = {"free_text": True}


def redactor_of(tenant_id: str) -> Redactor:
    """Its pseudonyms are the same throughout a tenant, and say nothing to another one."""
    return Redactor(hashlib.sha256(secret("VALOR_KEY_PEPPER") + tenant_id.encode()).digest())


def clean(value: Any, redactor: Redactor) -> Any:
    """The value with every text in it redacted; numbers stay as they are.

    >>> clean({"why": ["ask bob@example.org"], "wacc": 0.09}, Redactor(b"of one tenant"))
    {'why': ['ask [EMAIL:752df95dec83]'], 'wacc': 0.09}
    """
    if isinstance(value, str):
        return redactor.text(value) if value else value
    if isinstance(value, Mapping):
        return {clean(key, redactor): clean(item, redactor) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item, redactor) for item in value]
    return value


def clean_row(row: Any, tenant_id: str) -> None:
    """Redacts what stands in the columns of free text of a row."""
    for name in free_columns(type(row)):
        value = getattr(row, name)
        if value and (cleaned := clean(value, redactor_of(tenant_id))) != value:
            setattr(row, name, cleaned)


@cache
def free_columns(kind: Any) -> tuple[str, ...]:
    """The columns of a table that hold what people write in their own words."""
    return tuple(c.key for c in kind.__table__.columns if c.info.get("free_text"))
