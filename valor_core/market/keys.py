"""Tenants' keys of data providers: sealed in the database, opened only to ask the provider."""

from collections.abc import Sequence

from sqlalchemy import select

from valor_core.errors import BadInput, NotFound, ValorError
from valor_core.market.offered import OFFER, Offer
from valor_core.store.sealed import SealBroken, seal, unseal
from valor_core.store.tables import ProviderKeyRow
from valor_core.store.work import Work

LENGTH_MAX = 512
_PURPOSE = "keys of data providers, v1"


class KeyUnreadable(ValorError):
    """A kept key was sealed under another secret, or was changed."""

    code, status = "key_unreadable", 409

    def __init__(self, *, title: str) -> None:
        super().__init__(
            f"The key of {title} cannot be opened any more.",
            hint="Set it again; or restore the secret VALOR_PROVIDER_SECRET that sealed it.",
        )


def keep_key(work: Work, provider: str, key: str) -> ProviderKeyRow:
    """Seals the tenant's key of a provider, in place of the one before."""
    offer = offered(provider)
    if not offer.takes_key:
        raise BadInput(f"{offer.title} takes no key.", hint="Ask it without one.")
    key = key.strip()
    if not (4 <= len(key) <= LENGTH_MAX and key.isascii() and key.isprintable() and " " not in key):
        raise BadInput(
            f"A key has 4 to {LENGTH_MAX} characters without blanks.",
            hint=f"Copy it again from your account at {offer.title}.",
        )
    tenant_id = work.caller.tenant_id
    nonce, sealed = seal(key, tenant_id=tenant_id, of=offer.name, purpose=_PURPOSE)
    row = work.session.merge(
        ProviderKeyRow(
            tenant_id=tenant_id,
            provider=offer.name,
            nonce=nonce,
            sealed=sealed,
            set_at=work.now_micros,
            set_by=work.caller.actor,
        )
    )
    work.session.flush()
    return row


def kept_key(work: Work, provider: str) -> ProviderKeyRow:
    """The tenant's key of a provider, sealed; NotFound where there is none."""
    offer = offered(provider)
    row = work.session.get(ProviderKeyRow, (work.caller.tenant_id, offer.name))
    if row is None:
        raise NotFound("key", offer.title, hint="There is nothing to drop.")
    return row


def drop_key(work: Work, provider: str) -> None:
    """Forgets the tenant's key of a provider; NotFound where there is none."""
    work.session.delete(kept_key(work, provider))


def kept_keys(work: Work) -> Sequence[ProviderKeyRow]:
    """Which keys the tenant has; what they are stays sealed."""
    return work.session.scalars(select(ProviderKeyRow).order_by(ProviderKeyRow.provider)).all()


def opened_keys(work: Work) -> dict[str, str]:
    """The tenant's keys by provider, to be handed to the providers and to nobody else."""
    return {row.provider: _opened(row) for row in kept_keys(work)}


def _opened(row: ProviderKeyRow) -> str:
    try:
        return unseal(
            row.nonce, row.sealed, tenant_id=row.tenant_id, of=row.provider, purpose=_PURPOSE
        )
    except SealBroken:
        raise KeyUnreadable(title=OFFER[row.provider].title) from None


def offered(provider: str) -> Offer:
    """The provider of that name; NotFound otherwise."""
    if provider not in OFFER:
        hint = f"There are {', '.join(OFFER)}."
        raise NotFound("provider", provider[:40], hint=hint)
    return OFFER[provider]
