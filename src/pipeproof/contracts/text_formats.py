"""Named kinds of text, each a regular expression that whole texts match.

They are regular languages on purpose: whether one contract fits another, a text that shows that it does
not, and made data all follow from the expression. Check digits are no regular language: `check_digits` is asked
where personal data are looked for, and a contract with `format: iban` asks for the shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_HEX = "[0-9a-fA-F]"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_H16 = f"{_HEX}{{1,4}}"

TEXT_FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "email": rf"[A-Za-z0-9_%+-]+(?:\.[A-Za-z0-9_%+-]+)*@{_LABEL}(?:\.{_LABEL})+",
        "uuid": f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}",
        "uri": r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#@!$&'()*+,;=%\[\]-]+",
        "hostname": rf"{_LABEL}(?:\.{_LABEL})*",
        "ipv4": rf"{_OCTET}(?:\.{_OCTET}){{3}}",
        "ipv6": f"(?:{_H16}:){{7}}{_H16}|(?:{_H16}:){{1,7}}:|(?:{_H16}:){{1,6}}:{_H16}|:(?::{_H16}){{1,7}}|::",
        "phone": r"(?:\+[0-9]{1,4}|\([0-9]{2,5}\)|[0-9]{2,5})(?:[ ./-]?(?:\([0-9]{1,4}\)|[0-9]{2,10})){1,6}",
        "iban": r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}",
        "country": "[A-Z]{2}",
        "currency": "[A-Z]{3}",
        "byte": r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
    }
)
"""Name → expression. `byte` is text in base 64, as in the Open Data Contract Standard."""
