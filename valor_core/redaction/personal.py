"""Personal data in text: e-mail and network addresses, bank accounts, cards, SSNs, phones.

A checksum or a number plan decides wherever there is one, so that the figures of the trade stay.
Every scan is linear: a lookbehind keeps a search from starting inside a run already read.
"""

import re
import socket
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple


class Found(NamedTuple):
    """A personal datum in a text, and how it is spelled whatever the text's own spelling."""

    start: int
    end: int
    kind: str
    identity: str


_EMAIL_DOMAIN = re.compile(r"@(?:[\w-]{1,63}\.)+[^\W\d_]{2,63}")
_EMAIL_LOCAL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}\Z")


def emails(text: str) -> Iterator[Found]:
    """E-mail addresses."""
    end = 0
    for domain in _EMAIL_DOMAIN.finditer(text) if "@" in text else ():
        local = _EMAIL_LOCAL.search(text[max(end, domain.start() - 64) : domain.start()])
        if local:
            start, end = domain.start() - len(local[0]), domain.end()
            yield Found(start, end, "EMAIL", text[start:end])


_OF_EVERY_MACHINE = frozenset({"127.0.0.1", "0.0.0.0", "::1"})  # noqa: S104
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_IPV4 = re.compile(rf"(?<![\d.])(?:{_OCTET}\.){{3}}{_OCTET}(?!\d|\.\d)")
# A label may stand before it (`ip:2001:db8::1`), and a colon behind.
_IPV6 = re.compile(
    r"(?<![\w:.])(?:\w{1,32}:)??([0-9A-Fa-f:]{2,40}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?)(?!\w)"
)


def ipv6_addresses(text: str) -> Iterator[Found]:
    """IPv6 addresses, also with an IPv4 tail."""
    for match in _IPV6.finditer(text) if text.count(":") > 1 else ():
        address = match[1] if _is_ipv6(match[1]) else match[1].removesuffix(":")
        if _is_ipv6(address) and address not in _OF_EVERY_MACHINE:
            yield Found(match.start(1), match.start(1) + len(address), "IP", address)


def ipv4_addresses(text: str) -> Iterator[Found]:
    """IPv4 addresses."""
    for match in _IPV4.finditer(text) if text.count(".") > 2 else ():
        if match[0] not in _OF_EVERY_MACHINE:
            yield Found(*match.span(), "IP", match[0])


def _is_ipv6(text: str) -> bool:
    # `a::` is an address by the letter, and a scope operator in life.
    if text.count(":") < 2 or not any(map(str.isdigit, text)):
        return False
    try:
        socket.inet_pton(socket.AF_INET6, text)  # a tenth of what ipaddress costs
    except OSError:
        return False
    return True


# The SWIFT IBAN registry: country and length.
_IBAN_LENGTHS = {
    country: int(length)
    for country, length in re.findall(
        "([A-Z]{2})([0-9]{2})",
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 "
        "DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 "
        "IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 "
        "MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 "
        "SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30",
    )
}
_IBAN_START = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}", re.IGNORECASE | re.ASCII)


def ibans(text: str) -> Iterator[Found]:
    """Bank accounts by country, length and checksum (ISO 13616), together or in groups of four."""
    for start in _IBAN_START.finditer(text):
        length = _IBAN_LENGTHS.get(start[0][:2].upper())
        found = _iban_tail(length).match(text, start.end()) if length else None
        if found:
            compact = re.sub("[ -]", "", start[0] + found[0]).upper()
            if _is_iban(compact):
                yield Found(start.start(), found.end(), "IBAN", compact)


@cache
def _iban_tail(length: int) -> re.Pattern[str]:
    fours, rest = divmod(length - 4, 4)
    end = rf"[ -]?[A-Z0-9]{{{rest}}}" if rest else ""
    return re.compile(
        rf"(?:[ -]?[A-Z0-9]{{4}}){{{fours}}}{end}(?![A-Z0-9])", re.IGNORECASE | re.ASCII
    )


def _is_iban(compact: str) -> bool:
    return int("".join(str(int(sign, 36)) for sign in compact[4:] + compact[:4])) % 97 == 1


_DIGIT_GROUPS = re.compile(r"(?<![0-9]\.)(?<![0-9])[0-9]++(?:[ -][0-9]++)*+")
# An accession number and an ISO date are one group each, with their dashes: no card runs over them.
_GROUP = re.compile(
    r"(?<![0-9])(?:[0-9]{10}-[0-9]{2}-[0-9]{6}|[0-9]{4}-[0-9]{2}-[0-9]{2})(?![0-9])|[0-9]+"
)


def cards(text: str) -> Iterator[Found]:
    """Payment cards by brand, length and checksum (ISO/IEC 7812), wherever in a row of numbers."""
    for run in _DIGIT_GROUPS.finditer(text):
        if run.end() - run.start() < 13:
            continue
        groups = list(_GROUP.finditer(text, *run.span()))
        first = 0
        while first < len(groups):
            count = _groups_of_card([group[0] for group in groups[first : first + 5]])
            if count:
                start, end = groups[first].start(), groups[first + count - 1].end()
                yield Found(start, end, "CARD", re.sub("[ -]", "", text[start:end]))
            first += count or 1


def _groups_of_card(groups: Sequence[str]) -> int:
    """How many of these groups are a card: one alone, or as printed on it, such as 4-6-5."""
    for count in range(len(groups), 0, -1):
        printed = len(groups[0]) >= 4 and all(3 <= len(group) <= 6 for group in groups[:count])
        if (count == 1 or printed) and _is_card("".join(groups[:count])):
            return count
    return 0


def _is_card(digits: str) -> bool:
    length = len(digits)
    if not (13 <= length <= 19 and digits.isdigit()):
        return False
    prefix = int(digits[:6])
    if length == 16:
        brand = (
            510000 <= prefix <= 559999 or 222100 <= prefix <= 272099 or 352800 <= prefix <= 358999
        )
    elif length == 15:
        brand = digits[:2] in {"34", "37"}
    else:
        brand = length == 14 and (digits[:2] in {"36", "38"} or 300000 <= prefix <= 305999)
    visa = digits[0] == "4" and length in {13, 16, 19}
    discover = length in {16, 19} and (
        digits[:4] == "6011" or digits[:2] == "65" or 644000 <= prefix <= 649999
    )
    return (brand or visa or discover) and _luhn(digits)


_DOUBLED = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_PLAIN = bytes.maketrans(b"0123456789", bytes(range(10)))


def _luhn(digits: str) -> bool:
    signs = digits.encode()
    return (sum(signs[-1::-2].translate(_PLAIN)) + sum(signs[-2::-2].translate(_DOUBLED))) % 10 == 0


_SSN = re.compile(
    r"(?<![0-9])(?!000|666|9[0-9]{2})[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![0-9])"
)


def social_security_numbers(text: str) -> Iterator[Found]:
    """US social security numbers by the areas that are given out (20 CFR 422.103)."""
    for match in _SSN.finditer(text):
        yield Found(*match.span(), "SSN", match[0])


_PHONE = re.compile(r"(?<!\d)\+[ (]{0,2}[1-9](?:[ ().\-/]{0,3}[0-9]){6,18}")
# +3.14159265 and +12.345.678 are figures.
_FIGURE = re.compile(r"\+[0-9]+\.[0-9]+|\+[0-9]{1,3}(?:\.[0-9]{3})+")


def phones(text: str) -> Iterator[Found]:
    """International phone numbers: a plus and 8 to 15 digits in groups (ITU-T E.164)."""
    for run in _PHONE.finditer(text) if "+" in text else ():
        if _FIGURE.fullmatch(run[0]):
            continue
        groups = list(re.finditer("[0-9]+", run[0]))
        for last in range(len(groups), 0, -1):
            digits = "".join(group[0] for group in groups[:last])
            if 8 <= len(digits) <= 15:
                yield Found(run.start(), run.start() + groups[last - 1].end(), "PHONE", digits)
                break


DETECTORS: tuple[Callable[[str], Iterator[Found]], ...] = (
    emails,
    ipv6_addresses,
    ipv4_addresses,
    ibans,
    cards,
    social_security_numbers,
    phones,
)
