"""The providers that there are, each as this installation reaches it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from valor_core.market.provider import Licence, Provider
from valor_core.market.providers.alpaca import Alpaca
from valor_core.market.providers.ecb import Ecb
from valor_core.market.providers.edgar import Edgar
from valor_core.market.providers.fmp import Fmp
from valor_core.market.providers.folder import Folder
from valor_core.market.providers.fred import Fred
from valor_core.market.providers.replay import Replay
from valor_core.market.providers.tiingo import Tiingo
from valor_core.settings import ROOT, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A provider that can be used: at once, or once it has a key."""

    name: str
    title: str
    brings: str  # in a sentence, for who chooses among them
    key_setting: str  # empty where it takes no key
    made: Callable[[str], Provider]  # from its key
    invented: bool = False

    @property
    def takes_key(self) -> bool:
        """Whether it answers nobody without a key."""
        return bool(self.key_setting)

    @property
    def licence(self) -> Licence:
        """The terms of its data."""
        return self.made("").licence


def edgar() -> Edgar:
    """SEC EDGAR, at the addresses of the settings."""
    return Edgar(
        base_url=setting("VALOR_SEC_URL"),
        data_url=setting("VALOR_SEC_DATA_URL"),
        contact=setting("VALOR_DATA_CONTACT"),
    )


OFFERS = (
    Offer(
        name=Edgar.name,
        title=Edgar.title,
        brings="What US companies filed with the SEC.",
        key_setting="",
        made=lambda _key: edgar(),
    ),
    Offer(
        name=Fred.name,
        title=Fred.title,
        brings="Yields, inflation and other macro series.",
        key_setting="VALOR_FRED_KEY",
        made=lambda key: Fred(base_url=setting("VALOR_FRED_URL"), key=key),
    ),
    Offer(
        name=Fmp.name,
        title=Fmp.title,
        brings="Annual statements in standardised lines, without the filing of each figure.",
        key_setting="VALOR_FMP_KEY",
        made=lambda key: Fmp(base_url=setting("VALOR_FMP_URL"), key=key),
    ),
    Offer(
        name=Tiingo.name,
        title=Tiingo.title,
        brings="Daily prices of US shares, adjusted for splits and dividends.",
        key_setting="VALOR_TIINGO_KEY",
        made=lambda key: Tiingo(base_url=setting("VALOR_TIINGO_URL"), key=key),
    ),
    Offer(
        name=Alpaca.name,
        title=Alpaca.title,
        brings="Daily prices of US shares as they were traded on IEX. Its key is id:secret.",
        key_setting="VALOR_ALPACA_KEY",
        made=lambda key: Alpaca(
            base_url=setting("VALOR_ALPACA_URL"),
            stream_url=setting("VALOR_ALPACA_STREAM_URL"),
            loopback=bool(setting("VALOR_DATA_LOOPBACK")),
            key=key,
        ),
    ),
    Offer(
        name=Ecb.name,
        title=Ecb.title,
        brings="Exchange rates of each business day.",
        key_setting="",
        made=lambda _key: Ecb(base_url=setting("VALOR_ECB_URL")),
    ),
    Offer(
        name=Folder.name,
        title=Folder.title,
        brings="Series from CSV and Parquet files in a folder of this installation.",
        key_setting="",
        made=lambda _key: Folder(folder=ROOT / setting("VALOR_DATA_FOLDER")),
    ),
    Offer(
        name=Replay.name,
        title=Replay.title,
        brings="Invented prices, always alike and labelled so, to try things out.",
        key_setting="",
        made=lambda _key: Replay(),
        invented=True,
    ),
)
OFFER = {offer.name: offer for offer in OFFERS}


def title_of(provider: str) -> str:
    """A provider as people call it, also one that is not offered any more."""
    return OFFER[provider].title if provider in OFFER else provider


def usable(keys: Mapping[str, str]) -> list[Provider]:
    """The providers that can be asked with these keys, those of the settings included."""
    found = []
    for offer in OFFERS:
        key = keys.get(offer.name) or (setting(offer.key_setting) if offer.takes_key else "")
        if offer.name == Folder.name and not setting("VALOR_DATA_FOLDER"):
            continue
        if key or not offer.takes_key:
            found.append(offer.made(key))
    return found
