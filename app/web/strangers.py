"""Who shows no valid sign-in has a bucket too: that of the network which the call comes from."""

from ipaddress import ip_address, ip_network

from valor_core.settings import setting, whole_number
from valor_core.tenancy.plans import LIMIT_MOST
from valor_core.tenancy.rate_limits import MemoryBuckets, Policy, RateLimited, Take
from valor_core.tenancy.sign_in import stranger
from valor_core.values import TenantId, micros, utc_now

NOBODY = stranger(TenantId(""))
PLACES = 4096  # networks share so many buckets, so that no flood of addresses fills the memory


class Strangers:
    """Counts the refusals of each network in this process; takes from no tenant and no user."""

    def __init__(self, policy: Policy, *, shadow: bool = False) -> None:
        self.policy, self.shadow, self.buckets = policy, shadow, MemoryBuckets()

    def refusal(self, address: str) -> RateLimited | None:
        """How a stranger is refused who has asked too often; None for one who has not."""
        verdict = self.buckets.take(NOBODY, [Take(place_of(address), self.policy)])
        if verdict.allowed or self.shadow:
            return None
        return verdict.refusal(micros(utc_now()))


def place_of(address: str) -> str:
    """The bucket of the address's network: another one in each process, so nobody can aim."""
    return str(hash(network_of(address)) % PLACES)


def network_of(address: str) -> str:
    """Whose addresses one stranger may have: 256 neighbours, or a whole net of IPv6.

    >>> network_of("192.0.2.77"), network_of("2001:db8::1:2:3"), network_of("::ffff:192.0.2.7")
    ('192.0.2.0/24', '2001:db8::/64', '192.0.2.0/24')
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return ""
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ip_network((ip, 24 if ip.version == 4 else 64), strict=False))


def strangers() -> Strangers:
    """As the settings say; BadSetting at the start."""
    policy = Policy(
        name="stranger",
        per_minute=whole_number("VALOR_STRANGER_CALLS_PER_MINUTE", most=LIMIT_MOST),
        burst=whole_number("VALOR_STRANGER_CALLS_BURST", most=LIMIT_MOST),
    )
    return Strangers(policy, shadow=setting("VALOR_RATE_LIMITS") == "shadow")
