"""Which pool of realistic texts a column wants: as its contract says, by its format, or by its name."""

from __future__ import annotations

from collections.abc import Mapping

from pipeproof.contracts.personal import kind_by_name, words_of
from pipeproof.contracts.pools import POOLS
from pipeproof.model.contract import Column, frozen

_BY_FORMAT: Mapping[str, str] = frozen({"uri": "url", "country": "country_code"})
_BY_KIND: Mapping[str, str] = frozen(
    {
        "email": "email",
        "phone": "phone",
        "card": "card",
        "bank": "iban",
        "ip": "ipv4",
        "name": "full_name",
        "address": "street",
        "url": "url",
    }
)
_FIRST = frozenset({"first", "firstname", "given", "givenname", "forename", "vorname", "prenom", "fname"})
_LAST = frozenset({"last", "lastname", "surname", "family", "nachname", "familienname", "lname", "apellido"})
_LOGIN = frozenset({"user", "username"})
# What is no personal data alone; those names are in `contracts.personal`.
_BY_LAST_WORDS: Mapping[str, str] = frozen(
    {
        word: pool
        for pool, words in {
            "city": "city|town|stadt|ville|ciudad",
            "country": "country|nation|land|pays",
            "country_code": "country code|iso country",
            "currency": "currency|currency code|ccy",
            "language": "language|lang|locale",
            "colour": "colour|color",
            "street": "street|address line",
            "address": "address|home address|postal address",
            "postcode": "postcode|post code|zip|zip code|zipcode|postal code|plz",
            "company": "company|employer|supplier|vendor|manufacturer|brand|merchant|seller|firm|organisation|"
            "organization|company name|supplier name|vendor name|brand name|merchant name",
            "job": "job|job title|occupation|profession|position title",
            "product": "product|product name|item|item name|article|product title",
            "product_group": "category|department|product type|product group",
            "sentence": "description|comment|comments|note|notes|remark|remarks|review|message|feedback|summary|"
            "text|body",
            "url": "url|link|website|homepage|uri",
            "hostname": "host|hostname|server",
            "ipv4": "ip|ip address",
            "uuid": "uuid|guid",
        }.items()
        for word in words.split("|")
    }
)


def pool_for(column: Column) -> str:
    """Return the name of the pool that a column of text draws from, or ''."""
    if column.generator:
        return column.generator if column.generator in POOLS else ""
    if column.format is not None:
        name = _BY_FORMAT.get(column.format, column.format)
        return name if name in POOLS else ""
    words = words_of(column.name)
    kind = kind_by_name(column.name)
    if kind == "name":
        return _of_person(frozenset(words))
    if kind == "address" and "name" not in words and words[-1:] == ("address",):
        return "address"
    if kind is not None:
        return _BY_KIND.get(kind, "")
    return _BY_LAST_WORDS.get(" ".join(words[-2:])) or _BY_LAST_WORDS.get(" ".join(words[-1:]), "")


def _of_person(words: frozenset[str]) -> str:
    if words & _FIRST:
        return "first_name"
    if words & _LAST:
        return "last_name"
    return "username" if words & _LOGIN else "full_name"
