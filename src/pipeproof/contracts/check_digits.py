"""Check digits of numbers that stand for a person or an account: whether a text can be one.

The rules are those that the issuers publish: ISO/IEC 7812 (cards), ISO 13616 (IBAN), ISO/IEC 7064, and
the tax and social security offices of each country.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from pipeproof.model.contract import frozen

_SEPARATORS = re.compile(r"[\s./-]+")
_CARD_LENGTHS = range(13, 20)
# First digits of issuers: Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay, Maestro.
_CARD = re.compile(
    r"4|5[0-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|3[47]|30[0-5]|3[689]|6011|64[4-9]|65|35|62|5[6-8]|6[0-9]"
)
# Characters of an IBAN by country, from the register of SWIFT.
_IBANS = """
15 NO, 16 BE, 18 DK FI FO GL NL SD, 19 MK SI, 20 AT BA EE KZ LT LU MN XK, 21 CH HR LI LV,
22 BG BH CR DE GB GE IE ME RS VA, 23 AE GI IL IQ OM SO TL, 24 AD CZ ES MD PK RO SA SE SK TN VG,
25 LY PT ST, 26 IS TR, 27 BI DJ FR GR IT MC MR SM, 28 AL AZ BY CY DO GT HU LB NI PL SV,
29 BR EG PS QA UA, 30 JO KW MU YE, 31 MT SC, 32 LC, 33 RU
"""
_IBAN_LENGTHS = frozen(
    {code: int(size) for size, *codes in (part.split() for part in _IBANS.split(",")) for code in codes}
)
_TIMES = "0123456789 1234067895 2340178956 3401289567 4012395678 5987604321 6598710432 7659821043 8765932104 9876543210"
_TURN = "0123456789 1576283094 5803796142 8916043527 9453126870 4286573901 2793806415 7046913258"
_VERHOEFF_TIMES, _VERHOEFF_TURN = ([[*map(int, row)] for row in table.split()] for table in (_TIMES, _TURN))


def bare(text: str) -> str:
    """Return a number without the spaces, points, slashes and dashes that people write into it."""
    return _SEPARATORS.sub("", text)


def luhn(digits: str) -> bool:
    """Say whether the last digit of a number is its check digit by Luhn's rule."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0  # noqa: PLR2004 of two digits


def is_card(text: str) -> bool:
    """Say whether a text can be the number of a payment card: issuer, length and check digit."""
    digits = bare(text)
    if not (digits.isascii() and digits.isdigit() and len(digits) in _CARD_LENGTHS):
        return False
    return _CARD.match(digits) is not None and len(set(digits)) > 1 and luhn(digits)


def is_iban(text: str) -> bool:
    """Say whether a text can be an international bank account number: country, length, remainder 1 of 97."""
    plain = bare(text).upper()
    if _IBAN_LENGTHS.get(plain[:2]) != len(plain) or not (plain.isascii() and plain.isalnum()):
        return False
    return _of_97(plain) == 1


def with_iban_check(text: str) -> str:
    """Return an international bank account number in capitals with the two check digits that are right."""
    return f"{text[:2]}{98 - _of_97(bare(f'{text[:2]}00{text[4:]}')):02}{text[4:]}"


def _of_97(plain: str) -> int:
    """Return the remainder of a bank account number by 97, letters as two digits (ISO 7064, mod 97-10)."""
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97


def _weighted(digits: str, weights: Iterable[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _ssn(text: str) -> bool:
    digits = bare(text)  # the numbers that were never given out
    return (
        digits[:3] not in {"000", "666"} and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"
    )


def _nino(text: str) -> bool:
    return bare(text).upper()[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


def _nhs(text: str) -> bool:
    digits = bare(text)
    check = 11 - _weighted(digits, range(10, 1, -1)) % 11
    return check % 11 == int(digits[9]) and check != 10 and len(set(digits)) > 1  # noqa: PLR2004 has no digit


def _german_tax(text: str) -> bool:
    digits = bare(text)
    *others, most = sorted(digits[:10].count(digit) for digit in set(digits[:10]))
    product = 10
    for digit in digits[:10]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (
        digits[0] != "0" and most in {2, 3} and set(others) == {1} and (11 - product) % 10 == int(digits[10])
    )


def _french(text: str) -> bool:
    plain = bare(text).upper().replace("2A", "19").replace("2B", "18")
    return plain.isdigit() and 97 - int(plain[:13]) % 97 == int(plain[13:])


def _spanish(text: str) -> bool:
    plain = bare(text).upper()
    number = plain[:-1].translate(str.maketrans("XYZ", "012"))
    return number.isdigit() and "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == plain[-1]


_ITALIAN_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def _italian(text: str) -> bool:
    plain = text.upper()
    places = [int(one) if one.isdigit() else ord(one) - ord("A") for one in plain[:15]]
    total = sum(place if at % 2 else _ITALIAN_ODD[place] for at, place in enumerate(places))
    return chr(ord("A") + total % 26) == plain[15]


def _dutch(text: str) -> bool:
    return _weighted(text, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0 and len(set(text)) > 1


def _polish(text: str) -> bool:
    in_month = int(text[2:4]) % 20
    return (
        1 <= in_month <= 12 and 1 <= int(text[4:6]) <= 31  # noqa: PLR2004 months and days
        and _weighted(text, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0
    )  # fmt: skip


def _brazilian(text: str) -> bool:
    digits = bare(text)
    checks = (-_weighted(digits, range(size, 1, -1)) % 11 for size in (10, 11))
    # With weights from the left, what is left of 11 is the digit; 10 is written 0.
    return (
        len(set(digits)) > 1
        and all(
            int(digit) == (0 if check == 10 else check)  # noqa: PLR2004 has no digit
            for digit, check in zip(digits[9:], checks, strict=True)
        )
    )


def _indian(text: str) -> bool:
    check = 0
    for place, digit in enumerate(reversed(bare(text))):
        check = _VERHOEFF_TIMES[check][_VERHOEFF_TURN[place % 8][int(digit)]]
    return check == 0 and text[0] not in "01"


def _swedish(text: str) -> bool:
    digits = bare(text.replace("+", ""))[-10:]
    return 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) <= 31 and luhn(digits)  # noqa: PLR2004 months and days


NATIONAL_IDS: Mapping[str, tuple[str, Callable[[str], bool]]] = frozen(
    {
        "US social security number": (r"\d{3}-\d{2}-\d{4}", _ssn),
        "UK national insurance number": (
            r"(?i)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]",
            _nino,
        ),
        "UK NHS number": (r"\d{3}[ -]?\d{3}[ -]?\d{4}", _nhs),
        "German tax id": (r"\d{2} ?\d{3} ?\d{3} ?\d{3}", _german_tax),
        "French NIR": (r"[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}", _french),
        "Spanish DNI or NIE": (r"(?i)[XYZ\d]-?\d{7}-?[A-Z]", _spanish),
        "Italian fiscal code": (r"(?i)[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]", _italian),
        "Dutch BSN": (r"\d{9}", _dutch),
        "Polish PESEL": (r"\d{11}", _polish),
        "Brazilian CPF": (r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}", _brazilian),
        "Indian Aadhaar": (r"\d{4}[ -]?\d{4}[ -]?\d{4}", _indian),
        "Swedish personal number": (r"(?:\d{2})?\d{6}[-+]?\d{4}", _swedish),
    }
)
"""Name → the shape of whole texts, and whether a text of this shape can be one."""
