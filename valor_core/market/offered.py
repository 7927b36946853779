"""The providers that there are, each as this installation reaches it."""

from valor_core.market.providers.edgar import Edgar
from valor_core.settings import setting


def edgar() -> Edgar:
    """SEC EDGAR, at the addresses of the settings."""
    return Edgar(base_url=setting("VALOR_SEC_URL"), data_url=setting("VALOR_SEC_DATA_URL"))
