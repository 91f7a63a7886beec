"""Which pools of realistic values there are; `data.synth.pools` makes them."""

from __future__ import annotations

POOLS = (
    "first_name",
    "last_name",
    "full_name",
    "username",
    "email",
    "phone",
    "city",
    "country",
    "country_code",
    "currency",
    "language",
    "colour",
    "street",
    "address",
    "postcode",
    "company",
    "job",
    "product",
    "product_group",
    "sentence",
    "url",
    "hostname",
    "ipv4",
    "ipv6",
    "uuid",
    "iban",
    "card",
)
"""Names of the pools, which `generator:` of a column may say."""
