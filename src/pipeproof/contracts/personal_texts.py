"""Personal data inside of texts: e-mail addresses, card and bank numbers, found by pattern and check digits.

For log lines, messages and free text, of which no column says what they hold. What has no check digit
and no sign of its own (names, telephone numbers) is not found here: too much else looks like it.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from pipeproof.contracts.check_digits import is_card, is_iban
from pipeproof.contracts.personal import Kind, kind_in_contract, mask_value

# Bounded repeats: a line of a gigabyte without an @ is passed in linear time.
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS = rf"[\w.%+-]{{1,64}}@(?:{_LABEL}\.){{1,8}}[^\W\d_]{{2,24}}"
_EMAIL = re.compile(_ADDRESS)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){2,8}(?: ?[A-Z0-9]{1,4})?\b")
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)")
_LONGEST_VALUE = 60


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


def _plain(value: Any) -> str:
    """Return a value as files have it: times and decimals as they are written, lists and structs as JSON."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value) if hasattr(value, "isoformat") else repr(value)


def shown(value: Any, kind: str | None = None) -> str:
    """Return a value as reports show it: quoted if it is text, short, and masked if it is personal.

    Args:
        value: The value.
        kind: The kind of personal data that its column holds, `none` where it is known that there are none.
            Without a kind, what looks personal inside of a text is masked all the same.
    """
    if value is None:
        return "missing"
    if kind is not None and kind_in_contract(kind) is not None:
        text = mask_value(value, kind)
    else:
        text = _plain(value)
        if kind is None and not isinstance(value, int | float):
            text = mask_text(text)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."
