"""The one policy of what must never leave: secrets are dropped, personal data become pseudonyms.

First the names of fields decide, then detectors on what is text. Numbers typed as numbers are never
scanned, so figures must travel as numbers. Names of persons within free text and local phone
numbers are not found.
"""

import hmac
import numbers
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time

from valor_core.redaction.field_names import is_dropped, personal_kind
from valor_core.redaction.personal import DETECTORS, Found
from valor_core.redaction.secrets import without_secrets

DEPTH_MAX = 32
TEXT_MAX = 20_000
FIELD_MAX = 200  # of a field's name its end tells; the longest that anyone means is far shorter

_CUT = " [CUT]"
_REDACTED = "[REDACTED]"
_TAG = re.compile(r"\[[A-Z_]+(?::[0-9a-f]{12})?\]")
_DIGEST = re.compile(r"[0-9a-f]{64}")  # sixteen digits in a row of one are no card
_SURROGATE = re.compile("[\ud800-\udfff]")
# What could stand unseen within a number or an address, and the dashes that are not ASCII's.
_UNSEEN = dict.fromkeys(
    [0x00, 0xAD, 0x34F, 0x61C, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F),
     *range(0x2060, 0x2070), *range(0xFE00, 0xFE10), *range(0xE0000, 0xE0080)]
) | dict.fromkeys([*range(0x2010, 0x2016), 0x2212], "-")  # fmt: skip
# What a field of that name would lose, a text loses too: nobody searches for it.
_WITHOUT_PSEUDONYM = frozenset({"CARD", "IBAN", "SSN"})


class Redactor:
    """Takes out what must never leave; a pseudonym is the same throughout a tenant.

    So one can search by it, and who drops the tenant's key forgets them all.

    >>> redactor = Redactor(b"of one tenant")
    >>> redactor.value({"company_name": "Apple", "apiKey": "k", "wacc": 0.085})
    {'company_name': 'Apple', 'apiKey': '[REDACTED]', 'wacc': 0.085}
    >>> redactor.text("ask bob@example.org")
    'ask [EMAIL:752df95dec83]'
    """

    def __init__(self, tenant_key: bytes) -> None:
        self._key = tenant_key

    def value(self, value: object) -> object:
        """Data ready for JSON, without secrets and personal data; numbers keep their type."""
        return self._value(value, field="", depth=0)

    def text(self, text: str) -> str:
        """The text without secrets and personal data; innocent text keeps its spelling."""
        if _DIGEST.fullmatch(text):
            return text
        text = _cut(_SURROGATE.sub("\ufffd", str(text)))
        spelled = _spelled(text)
        plain = _cut(spelled)  # some signs stand for many: ﷺ for eighteen
        clean = without_secrets(plain)
        for detector in DETECTORS:
            clean = self._replaced(clean, detector(clean))
        return text if clean == spelled else _cut(clean)

    def _value(self, value: object, *, field: str, depth: int) -> object:
        if value is None or isinstance(value, bool):
            return value
        if depth > DEPTH_MAX or is_dropped(field):
            return _REDACTED
        if is_dataclass(value) and not isinstance(value, type):
            value = {each.name: getattr(value, each.name) for each in fields(value)}
        if isinstance(value, Mapping):
            return self._mapping(value, field=field, depth=depth)
        if isinstance(value, list | tuple | set | frozenset):
            items = [self._value(item, field=field, depth=depth + 1) for item in value]
            # The order of a set differs from process to process.
            return sorted(items, key=repr) if isinstance(value, set | frozenset) else items
        return self._leaf(value, field=field)

    def _mapping(self, value: Mapping, *, field: str, depth: int) -> dict[str, object]:
        # Below a person's field every leaf is personal: {"name": {"first": …}}.
        inner = field if personal_kind(field) else ""
        return {
            self.text(_as_text(key)): self._value(
                item, field=inner or _as_text(key)[-FIELD_MAX:], depth=depth + 1
            )
            for key, item in value.items()
        }

    def _leaf(self, value: object, *, field: str) -> object:
        if kind := personal_kind(field):
            text = _cut(_as_text(value))
            return text if _TAG.fullmatch(text) else self._pseudonym(kind, text)
        return value if isinstance(value, numbers.Number) else self.text(_as_text(value))

    def _replaced(self, text: str, found: Iterable[Found]) -> str:
        pieces, at = [], 0
        for start, end, kind, identity in found:
            if start >= at:
                pieces += [text[at:start], self._pseudonym(kind, identity)]
                at = end
        return "".join([*pieces, text[at:]])

    def _pseudonym(self, kind: str, identity: str) -> str:
        if kind in _WITHOUT_PSEUDONYM:
            return f"[{kind}]"
        spelled = _spelled(identity).strip().casefold()
        if kind == "PHONE":
            spelled = re.sub(r"\D", "", spelled)
        # Lone surrogates have no UTF-8 of their own.
        message = f"{kind}\0{spelled}".encode(errors="replace")
        return f"[{kind}:{hmac.digest(self._key, message, 'sha256').hex()[:12]}]"


def _spelled(text: str) -> str:
    if text.isascii():
        return text.replace("\0", "")
    return unicodedata.normalize("NFKC", text).translate(_UNSEEN)


def _as_text(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "replace")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _cut(text: str) -> str:
    """At most TEXT_MAX characters, cut between two words where there are any: no half secrets."""
    if len(text) <= TEXT_MAX:
        return text
    head = text[: TEXT_MAX - len(_CUT)]
    words, space, _ = head[-256:].rpartition(" ")
    return (head[:-256] + words if space else head) + _CUT
