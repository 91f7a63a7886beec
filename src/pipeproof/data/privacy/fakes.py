"""Made values that look like those they stand for, and follow from them by a key.

A made number has the digits of another and the shape of the real one: signs between the digits, leading
zeros, country and issuer stay; the check digits of cards and IBANs hold. Made names are put together of
common given names and of syllables; made e-mail addresses are in domains that nobody can own (RFC 2606).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from pipeproof.contracts.check_digits import bare, is_card, is_iban, luhn, with_iban_check
from pipeproof.contracts.personal import Kind
from pipeproof.data.privacy.given_names import GIVEN_NAMES
from pipeproof.data.privacy.keyed import Draws

_GIVEN = tuple(sorted(GIVEN_NAMES))
_SYLLABLES = """
Al Ber Cor Dan El Fal Gar Hal Ing Jor Kel Lin Mar Nor Ol Pel Quin Ros Sel Tor Ul Var Wes Yar Zel
a an ar be bri da den di e ed em en ga gen ho il ka kin la len li lo man ne no or ra ri sa ten ti va
berg by dal der dorf feld gan held holm ini kamp ley lin mond nau ner quist rick sen ski son stad stein ton vic wick
"""
_STARTS, _MIDDLES, _ENDS = (tuple(line.split()) for line in _SYLLABLES.strip().splitlines())
_DOMAINS = ("example.com", "example.net", "example.org")
_SUFFIX = 32**4
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_STREETS = ("Street", "Road", "Lane", "Avenue", "Way", "Square")
_COUNTRY = re.compile(r"\+\d{2}|00\d{2}|[A-Z]{2}(?=\d)")


def _surname(draws: Draws) -> str:
    start, end = _STARTS[draws.below(len(_STARTS))], _ENDS[draws.below(len(_ENDS))]
    middle = "".join(_MIDDLES[draws.below(len(_MIDDLES))] for _ in range(1 + draws.below(2)))
    return f"{start}{middle}{end}"


def _given(draws: Draws) -> str:
    return _GIVEN[draws.below(len(_GIVEN))]


def _email(_text: str, draws: Draws) -> str:
    number = draws.below(_SUFFIX)
    letters = "".join(_LETTERS[number >> shift & 31] for shift in (0, 5, 10, 15))
    name = f"{_given(draws)}.{_surname(draws).lower()}"
    return f"{name}.{letters}@{_DOMAINS[draws.below(len(_DOMAINS))]}"


def _name(text: str, draws: Draws) -> str:
    words = len(text.split())
    surname = _surname(draws)
    if words == 1:
        made = surname
    else:
        initial = f" {_LETTERS[draws.below(26)].upper()}." if words > 2 else ""  # noqa: PLR2004 a middle name
        made = f"{_given(draws).capitalize()}{initial} {surname}"
    return made.upper() if text.isupper() else made.lower() if text.islower() else made


def _address(text: str, draws: Draws) -> str:
    street = f"{1 + draws.below(299)} {_surname(draws)} {_STREETS[draws.below(len(_STREETS))]}"
    rest = "".join(
        f", {_digits(part, draws)}" for part in text.split(",")[1:2] if any(map(str.isdigit, part))
    )
    return street + re.sub(r"\s+", " ", rest)


def _digits(text: str, draws: Draws) -> str:
    """Return other digits and letters in the shape of a text; zeros in front stay, and other digits stay none."""
    kept = _COUNTRY.match(text)
    front = kept[0] if kept else ""
    made, leading = front, not front
    for one in text[len(front) :]:
        if one.isdigit():
            made += ("0" if one == "0" else str(1 + draws.below(9))) if leading else str(draws.below(10))
            leading = leading and one == "0"
        elif one.isalpha() and one.isascii():
            made += chr(ord("A" if one.isupper() else "a") + draws.below(26))
        else:
            made += one
    return made


def _card(text: str, draws: Draws) -> str:
    made = text[0] + _digits(f"1{text[1:]}", draws)[1:]
    if not is_card(text):
        return made
    front = bare(made)[:-1]
    return made[:-1] + next(digit for digit in "0123456789" if luhn(front + digit))


def _bank(text: str, draws: Draws) -> str:
    if not is_iban(text):
        return _digits(text, draws)
    return with_iban_check(text[:4].upper() + _digits(text[4:].upper(), draws))


def _ip(text: str, draws: Draws) -> str:
    if ":" in text:
        return str(ipaddress.IPv6Address((0xFD << 120) | draws.below(1 << 112)))
    return f"10.{draws.below(256)}.{draws.below(256)}.{draws.below(256)}"


def _url(_text: str, draws: Draws) -> str:
    return f"https://{_DOMAINS[draws.below(3)]}/{draws.below(1 << 80):020x}"


FAKES: Mapping[Kind, Callable[[str, Draws], str]] = MappingProxyType(
    {
        "email": _email,
        "phone": _digits,
        "card": _card,
        "bank": _bank,
        "national_id": _digits,
        "ip": _ip,
        "name": _name,
        "address": _address,
        "url": _url,
        "personal": _digits,
    }
)
"""Kind → the function that makes a value of it in the shape of another. Dates and places are made coarser instead."""
