"""What values of each kind look like: a pattern that Polars asks of all, and a rule for those that match it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

from pipeproof.contracts.check_digits import NATIONAL_IDS, is_card, is_iban
from pipeproof.contracts.personal import Kind
from pipeproof.contracts.text_formats import TEXT_FORMATS
from pipeproof.data.privacy.given_names import GIVEN_NAMES

_FEWEST, _MOST = 7, 15  # digits of a telephone number, E.164 has at most 15
_WORD = re.compile(r"[^\W\d_]+")
_STREETS = (
    r"str(?:eet|asse|aße|aat|ada)?\.?|st\.?|road|rd\.?|av(?:e|enue|enida|\.)?|lane|ln\.?|drive|dr\.?|boulevard|blvd\.?|"
    r"way|court|ct\.?|square|sq\.?|place|pl\.?|rue|calle|via|viale|corso|largo|piazza|plaza|platz|plac|plein|weg|"
    r"ring|allee|gasse|rua|estrada|travessa|paseo|camino|chemin|borgo|ul\.?|ulica|al\.?|aleja|laan|singel|pad|kade|"
    r"gatan|gränd|stigen|v[aä]gen|terrace|close|crescent|highway|hwy|parkway|pkwy"
)


def _always(_text: str) -> bool:
    return True


def _is_phone(text: str) -> bool:
    return _FEWEST <= sum(map(str.isdigit, text)) <= _MOST


def _is_ipv6(text: str) -> bool:
    try:
        return bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


def _is_person(text: str) -> bool:
    words = [word.lower() for word in _WORD.findall(text)]
    return any(word in GIVEN_NAMES for word in (*words[:2], *words[-1:]))


@dataclass(frozen=True, slots=True)
class Sign:
    """How values of one kind are known.

    Attributes:
        kind: The kind.
        says: What was seen, for people.
        pattern: What whole texts match, in the syntax of Polars.
        holds: Whether a text that matches really can be one.
        least: Least share of the values that must be so without a name that bears it out; above 1 for never.
        trust: Confidence when all values are so and the name says nothing.
        shortest: Fewest characters of such a text; where no value has as many, nothing is asked.
    """

    kind: Kind
    says: str
    pattern: str
    holds: Callable[[str], bool] = _always
    least: float = 0.9
    trust: float = 0.9
    shortest: int = 7


SIGNS: tuple[Sign, ...] = (
    Sign("email", "e-mail addresses", r"<?[^\s@<>]+@[^\s@<>]+\.\p{L}{2,}>?", least=0.3, trust=0.97),
    Sign("bank", "IBANs whose check digits hold", r"(?i)[A-Z]{2}\d{2}[A-Z0-9 ]{11,40}", is_iban, 0.3, 0.97),
    Sign("card", "card numbers whose check digits hold", r"\d[\d -]{11,24}", is_card, 0.6, 0.85),
    Sign("ip", "IPv4 addresses", TEXT_FORMATS["ipv4"], least=0.6),
    Sign("ip", "IPv6 addresses", r"(?i)(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}", _is_ipv6, 0.6, shortest=3),
    Sign(
        "url",
        "addresses with a secret in them",
        r"(?i)https?://\S*(?:[?&](?:token|access_token|api_?key|key|sig|signature|auth|password|pwd|secret|"
        r"session|code|x-amz-signature)=[^&\s]{6,}\S*|//[^/\s:]+:[^/\s@]+@\S*)",
        least=0.05,
    ),
    Sign("phone", "telephone numbers", r"(?:\+|00)[1-9][\d ().-]{6,22}", _is_phone, 0.3, 0.9),
    *(
        Sign("national_id", f"{name}s", shape, holds, 0.9, 0.8)
        for name, (shape, holds) in NATIONAL_IDS.items()
    ),
    Sign(
        "phone",
        "telephone numbers",
        r"(?:\(\d{2,5}\) ?\d[\d -]{4,12}|(?:\+?1[-. ])?\(?\d{3}\)?[-. ]?\d{3}[-. ]\d{4}|0\d{1,4}[ /-]\d[\d -]{4,12})"
        r"(?: ?(?:x|ext\.?) ?\d{1,5})?",
        _is_phone,
        0.7,
        0.8,
    ),
    Sign("phone", "numbers of 7 to 15 digits", r"\+?[\d(][\d ()./-]{5,22}(?:\.0)?(?: ?(?:x|ext\.?) ?\d{1,5})?", _is_phone, 2.0, 0.0),
    Sign("national_id", "ids of 5 to 20 letters and digits", r"(?i)[A-Z]{0,6}[\d .-]{4,20}[A-Z0-9]{0,8}", least=2.0, shortest=5),
    Sign("bank", "account numbers by their shape", r"(?i)[A-Z]{0,2}\d[\dA-Z -]{5,38}", least=2.0, shortest=6),
    Sign("card", "numbers of 12 to 19 digits", r"[\d*Xx][\d*Xx -]{11,24}", least=2.0),
    Sign(
        "address",
        "streets with a number",
        rf"(?i)\d{{1,6}}[a-z]?,? +[^\d]{{2,50}}\b(?:{_STREETS})\b.*|(?:{_STREETS}) .{{2,50}}\d{{1,5}}\b.*|"
        rf"[^\d]{{2,40}}(?:{_STREETS}) +\d{{1,5}}[^\\d]?.*",
        least=0.5,
        trust=0.75,
    ),
    Sign("name", "common given names", r"[\p{Lu}\p{Lt}][\p{L}'\u2019.-]+(?:,? [\p{L}'\u2019.-]+){0,4}", _is_person, 0.5, 0.75, shortest=2),
    Sign("birth_date", "dates", r"(?:18|19|20)\d{2}(?:[-/.]?\d{1,2}[-/.]?\d{1,2}.*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}", least=2.0, shortest=4),
)  # fmt: skip
"""In the order in which they are believed: what looks like a card and a telephone number is a card."""
