"""A tenant's routing policy: who is asked for a kind of data, in which order, on which terms."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from math import isfinite
from typing import Any

from valor_core.errors import BadInputs, Flaw
from valor_core.market.provider import Capability, Provider
from valor_core.market.providers.replay import Replay

PROVIDERS_MAX = 20
WITHIN_S, DOCUMENT_S = 10.0, 60.0
"""All that a company ever filed is megabytes, found by three questions."""

_BOUNDS = {
    "price_max": (0.0, 1e6, "the highest price of a call"),
    "age_max_s": (60.0, 3.2e8, "the oldest that data may be, in seconds,"),
    "deadline_s": (0.1, 120.0, "the seconds in which there must be an answer"),
    "hold_s": (0.0, 86_400.0, "the seconds for which a choice is kept"),
    "hedge_after_s": (0.01, 60.0, "the seconds after which a second provider is asked as well"),
}


class BadRouting(BadInputs):
    """A routing policy that cannot be followed."""

    code = "bad_routing"


class Use(StrEnum):
    """What the data are for: what a provider's licence must allow."""

    DISPLAY = "display"
    REDISTRIBUTION = "redistribution"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Who may be asked for one kind of data, the first choice first, and on which terms."""

    providers: tuple[str, ...]
    price_max: float | None = None  # of one call; None is no ceiling
    age_max_s: float | None = None  # of the newest moment of which the data speak
    use: Use = Use.DISPLAY
    deadline_s: float = WITHIN_S  # over all attempts
    hold_s: float = 60.0  # a choice is kept so long, so that one that flaps moves nobody
    hedge_after_s: float | None = None  # None: nobody is asked beside another

    @property
    def terms(self) -> dict[str, Any]:
        """As it is kept and sent."""
        return {**asdict(self), "providers": list(self.providers), "use": self.use.value}

    @classmethod
    def of(cls, terms: Mapping[str, Any]) -> "Policy":
        """As it was kept."""
        told: dict[str, Any] = {f.name: terms[f.name] for f in fields(cls) if f.name in terms}
        told |= {"providers": tuple(terms["providers"]), "use": Use(terms["use"])}
        return cls(**told)

    def refusal_of(self, provider: Provider) -> str:
        """Why the policy lets a provider not be asked; empty where it may be."""
        licence = provider.licence
        if self.price_max is not None and provider.price > self.price_max:
            return f"costs {provider.price:g} a call, more than {self.price_max:g}"
        if not (licence.display if self.use is Use.DISPLAY else licence.redistribution):
            verb = "shown" if self.use is Use.DISPLAY else "given on"
            return f"does not allow its data to be {verb}"
        return ""


def default_policy(capability: Capability, providers: Sequence[Provider]) -> Policy:
    """Before a tenant has one: all who can answer; invented data only where there are no others."""
    able = [p.name for p in providers if capability in p.capabilities]
    real = [name for name in able if name != Replay.name]
    deadline_s = DOCUMENT_S if capability is Capability.FUNDAMENTALS else WITHIN_S
    return Policy(providers=tuple(real or able), deadline_s=deadline_s)


def checked(policy: Policy, capability: Capability, providers: Sequence[Provider]) -> Policy:
    """The policy, if it can be followed; else BadRouting with every flaw."""
    able = [p.name for p in providers if capability in p.capabilities]
    flaws = [
        Flaw(f"providers.{place}", f"{name[:40]!r} cannot be asked for {capability}")
        for place, name in enumerate(policy.providers[:PROVIDERS_MAX])
        if name not in able
    ]
    if not 0 < len(policy.providers) <= PROVIDERS_MAX:
        flaws.append(Flaw("providers", f"name 1 to {PROVIDERS_MAX} providers"))
    if len(set(policy.providers)) < len(policy.providers):
        flaws.append(Flaw("providers", "name each provider once"))
    for name, (least, most, meaning) in _BOUNDS.items():
        value = getattr(policy, name)
        if value is None and name in ("price_max", "age_max_s", "hedge_after_s"):
            continue
        if value is None or not isfinite(value) or not least <= value <= most:
            flaws.append(Flaw(name, f"{meaning} must lie between {least:g} and {most:,.0f}"))
    if flaws:
        raise BadRouting(flaws, hint=f"For {capability}, choose among {', '.join(able) or 'none'}.")
    return policy
