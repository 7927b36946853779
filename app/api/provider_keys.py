"""Data providers as a tenant finds them, and its keys of them, which are never told again."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.api.callers import CallersWork
from app.api.members import DryRun, Why
from app.api.requests import StrictRoute
from valor_core.market.keys import LENGTH_MAX
from valor_core.values import from_micros
from valor_core.workbench import market_data
from valor_core.workbench.market_data import Standing
from valor_core.workbench.verb import allowed

router = APIRouter(prefix="/providers", tags=["market data"], route_class=StrictRoute)


class KeyBody(BaseModel):
    """The key, as the provider gave it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    key: str = Field(max_length=LENGTH_MAX + 2, repr=False)


class ProviderView(BaseModel):
    """A provider: what it brings, on which terms, and whether it can be asked."""

    name: str
    title: str
    brings: str
    capabilities: list[str]
    ready: bool = Field(description="Whether the tenant can ask it.")
    takes_key: bool
    own_key_set_at: datetime | None
    own_key_set_by: str | None
    key_of_installation: bool

    @classmethod
    def of(cls, told: Standing) -> "ProviderView":
        """The provider as clients see it."""
        own = told.own_key
        return cls(
            name=told.offer.name,
            title=told.offer.title,
            brings=told.offer.brings,
            capabilities=sorted(told.provider.capabilities) if told.provider else [],
            ready=told.provider is not None,
            takes_key=told.offer.takes_key,
            own_key_set_at=from_micros(own.set_at) if own else None,
            own_key_set_by=own.set_by if own else None,
            key_of_installation=told.key_of_installation,
        )


class ProvidersView(BaseModel):
    """All providers."""

    providers: list[ProviderView]


class KeyView(BaseModel):
    """That a key is kept; what it is, is not told."""

    provider: str
    set_at: datetime
    set_by: str


@router.get("")
def list_providers(work: CallersWork) -> ProvidersView:
    """All providers, and whether the tenant can ask each."""
    found = market_data.list_providers(work)
    return ProvidersView(providers=[ProviderView.of(each) for each in found])


@router.put("/{provider}/key")
def set_key(work: CallersWork, provider: str, body: KeyBody) -> KeyView:
    """Keep the tenant's key of a provider, sealed, in place of the one before."""
    row = market_data.set_key(work, provider, body.key)
    return KeyView(provider=row.provider, set_at=from_micros(row.set_at), set_by=row.set_by)


class KeyDropView(BaseModel):
    """A key that is forgotten; `made` is false where it was only asked what would follow."""

    made: bool
    provider: str
    still_asked: bool = Field(description="Whether the provider can be asked without it.")


@router.delete("/{provider}/key")
def drop_key(
    work: CallersWork, provider: str, reason: Why = "", dry_run: DryRun = False
) -> KeyDropView:
    """Forget the tenant's key of a provider."""
    allowed(work, "provider.key_drop")
    still_asked = market_data.foresee_drop(work, provider)
    if not dry_run:
        market_data.drop_key(work, provider, reason=reason)
    return KeyDropView(made=not dry_run, provider=provider, still_asked=still_asked)
