"""Personal data inside of texts: e-mail addresses, card and bank numbers, found by pattern and check digits.

For log lines, messages and free text, of which no column says what they hold. What has no check digit
and no sign of its own (names, telephone numbers) is not found here: too much else looks like it.
"""

from __future__ import annotations

import re

from pipeproof.contracts.check_digits import is_card, is_iban
from pipeproof.contracts.personal import Kind, mask_value

# Bounded repeats: a line of a gigabyte without an @ is passed in linear time.
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS = rf"[\w.%+-]{{1,64}}@(?:{_LABEL}\.){{1,8}}[^\W\d_]{{2,24}}"
_EMAIL = re.compile(_ADDRESS)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){2,8}(?: ?[A-Z0-9]{1,4})?\b")
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)")
LONGEST = 400
"""Characters or bytes of the longest text that stands for one person's data, with its surroundings."""


def kind_inside(text: str) -> Kind | None:
    """Return the kind of personal data that stands in a text, or None."""
    if "@" in text and _EMAIL.search(text):
        return "email"
    if _has_digits(text):
        if any(is_card(match[0]) for match in _CARD.finditer(text)):
            return "card"
        if any(is_iban(match[0]) for match in _IBAN.finditer(text)):
            return "bank"
    return None


def mask_text(text: str) -> str:
    """Return a text in which e-mail addresses, card numbers and IBANs are masked."""
    if "@" in text:
        text = _EMAIL.sub(lambda match: mask_value(match[0], "email"), text)
    if _has_digits(text):
        text = _CARD.sub(lambda match: mask_value(match[0], "card") if is_card(match[0]) else match[0], text)
        text = _IBAN.sub(lambda match: mask_value(match[0], "bank") if is_iban(match[0]) else match[0], text)
    return text


def _has_digits(text: str) -> bool:
    return any(digit in text for digit in "0123456789")
