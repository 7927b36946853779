"""A billing provider to try with: bills of the uses there are, told with all that goes wrong.

What it tells follows from its seed. Some bills are wrong on purpose, some events come again, late,
under another body, forged or for nobody; `faults` says which, as a reconciliation must find them.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from valor_core.billing import signatures
from valor_core.billing.metering import first_moment
from valor_core.billing.reconciliation import Line, Price, Used, price_on

REPEATED = 0.2
INVOICES = 5
TURNS = ("created", "paid", "voided")
FORGED_BY = "nobody's secret, though it is long enough to be one"

NOBODYS = Price(
    meter="valuations", valid_from="", price_minor=250, per_quantity=1, currency="USD",
    plan_version="",
)  # fmt: skip

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A body to be posted, how it is signed, and what is to be answered."""

    body: bytes
    standard: bool  # as Standard Webhooks, otherwise as Stripe
    forged: bool
    age_s: int
    expected: int  # status

    def headers(self, secret: str, *, now_s: float) -> Mapping[str, str]:
        """Its signature, made now."""
        name = json.loads(self.body)["id"] if self.standard else ""
        by = FORGED_BY if self.forged else secret
        return signatures.signed(self.body, by, now_s=now_s - self.age_s, message_id=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What is sent, in order, and how often a reconciliation must find which cause."""

    sendings: Sequence[Sending]
    faults: Mapping[Line, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A provider that bills one tenant; the same seed on the same day tells the same."""

    tenant: str
    seed: int
    today: date

    def stream(
        self, used: Sequence[Used], prices: Sequence[Price], *, faulty: bool = True
    ) -> Stream:
        """Bills for all uses and the lives of a few invoices, shuffled; `faulty` spoils some."""
        chance = random.Random(self.seed)  # noqa: S311  it decides nothing but what goes wrong
        bills = [self._bill(use, prices) for use in used]
        faults: Counter[Line] = Counter()
        if faulty:
            faults += _spoil(bills, chance)
        told = [*bills, *self._invoices(chance)]
        told += [each for each in told if chance.random() < REPEATED]
        chance.shuffle(told)
        faults[Line.DUPLICATE_DELIVERY] = len(told) - len({each["id"] for each in told})
        faults[Line.STALE_IGNORED] = _stale(told)
        sendings = [_sending(each, chance) for each in told]
        if faulty:
            sendings += self._refused(told[0], chance)
            faults[Line.ID_REUSED_DIFFERENT_BODY] = 1
        return Stream(sendings=sendings, faults=+faults)

    def _document(self, name: str, kind: str, fields: Document, *, tenant: str = "") -> Document:
        day = date.fromisoformat(fields["day"]) if "day" in fields else self.today
        return {
            "id": f"evt_{self.seed}_{name}",
            "type": kind,
            "created": first_moment(day) // 1_000_000 + 1,
            "data": {"object": {**fields, "metadata": {"tenant": tenant or self.tenant}}},
        }

    def _bill(self, use: Used, prices: Sequence[Price], *, tenant: str = "") -> Document:
        price = price_on(use, prices)
        fields = {
            "id": use.usage_id,
            "meter": use.meter,
            "day": use.day,
            "quantity": use.quantity,
            "price_minor": price.price_minor,
            "per_quantity": price.per_quantity,
            "plan_version": price.plan_version,
            "amount_minor": price.of(use.quantity),
            "currency": price.currency,
        }
        return self._document(use.usage_id[:24], "usage.recorded", fields, tenant=tenant)

    def _invoices(self, chance: random.Random) -> list[Document]:
        """Each is created and may be paid and voided."""
        made = []
        for n in range(INVOICES):
            amount = chance.randint(1, 100_000)
            for version, turn in enumerate(TURNS[: chance.randint(1, 3)], 1):
                fields = {"id": f"in_{self.seed}_{n}", "version": version,
                          "amount_minor": amount, "currency": "USD"}  # fmt: skip
                made.append(self._document(f"in_{n}_{turn}", f"invoice.{turn}", fields))
        return made

    def _refused(self, sent: Document, chance: random.Random) -> list[Sending]:
        """What is refused, laid aside or has no effect: it comes after all that is sound."""
        fields = sent["data"]["object"]
        other = {**sent, "data": {"object": {**fields, "amount_minor": 7}}}
        new = _sending(self._document("new", "invoice.created", fields), chance)
        use = Used(usage_id="nobodys", meter="valuations", day=str(self.today), quantity=1)
        return [
            _sending(other, chance, expected=409),
            replace(new, forged=True, expected=400),
            replace(new, age_s=signatures.TOLERANCE_S + 60, expected=400),
            replace(new, age_s=-signatures.TOLERANCE_S - 60, expected=400),
            _sending(self._document("poison", "usage.recorded", {"id": "x"}), chance),
            _sending(self._bill(use, [NOBODYS], tenant="nobody-here"), chance),
            _sending(self._document("other", "customer.created", {}), chance),
        ]


def _stale(told: Sequence[Document]) -> int:
    """How many turns of invoices come, for the first time, after a newer one."""
    newest: dict[str, int] = {}
    seen: set[str] = set()
    stale = 0
    for each in told:
        fields = each["data"]["object"]
        if "version" in fields and each["id"] not in seen:
            stale += fields["version"] < newest.get(fields["id"], 0)
            newest[fields["id"]] = max(fields["version"], newest.get(fields["id"], 0))
        seen.add(each["id"])
    return stale


def _spoil(bills: list[Document], chance: random.Random) -> Counter[Line]:
    """One bill each is lost, doubled, or changed, as long as there are any."""
    victims = list(bills)
    chance.shuffle(victims)
    faults: Counter[Line] = Counter()
    for line, change in _CHANGES.items():
        if not victims:
            break
        change(victims.pop()["data"]["object"])
        faults[line] += 2 if line is Line.DAY_BOUNDARY else 1
    if victims:
        twice = victims.pop()
        bills.append({**twice, "id": f"{twice['id']}_again", "created": twice["created"] + 1})
        faults[Line.EXTRA_AT_PROVIDER] += 1
    if victims:
        bills.remove(victims.pop())
        faults[Line.MISSING_AT_PROVIDER] += 1
    return faults


def _another_quantity(fields: Document) -> None:
    fields["quantity"] += 3
    fields["amount_minor"] = _amount(fields)


def _another_price(fields: Document) -> None:
    fields["price_minor"] += 10 * fields["per_quantity"]
    fields["amount_minor"] = _amount(fields)


def _another_plan(fields: Document) -> None:
    fields["plan_version"] += ".old"


def _another_rounding(fields: Document) -> None:
    fields["amount_minor"] += 1


def _another_day(fields: Document) -> None:
    fields["day"] = (date.fromisoformat(fields["day"]) - timedelta(days=1)).isoformat()


def _amount(fields: Document) -> int:
    price = Price(
        meter="", valid_from="", price_minor=fields["price_minor"], currency="",
        per_quantity=fields["per_quantity"], plan_version="",
    )  # fmt: skip
    return price.of(fields["quantity"])


_CHANGES: Mapping[Line, Callable[[Document], None]] = {
    Line.QUANTITY_MISMATCH: _another_quantity,
    Line.PRICE_MISMATCH: _another_price,
    Line.PLAN_VERSION_MISMATCH: _another_plan,
    Line.ROUNDING: _another_rounding,
    Line.DAY_BOUNDARY: _another_day,
}


def _sending(document: Document, chance: random.Random, *, expected: int = 200) -> Sending:
    return Sending(
        body=json.dumps(document).encode(),
        standard=chance.random() < 0.5,
        forged=False,
        age_s=0,
        expected=expected,
    )
