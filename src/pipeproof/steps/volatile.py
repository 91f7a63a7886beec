"""SQL that gives something else each time: the clock, chance, samples without a seed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sqlglot import exp

# What a text must hold to be worth a look at its tree.
_WORTH = re.compile(
    r"now|today|current|random|uuid|sample|nextval|getdate|sysdate|localtime|timestamp\s*\(\s*\)|rand\b|seed",
    re.IGNORECASE,
)
_NODES = tuple(
    kind
    for name in (
        "CurrentDate",
        "CurrentDatetime",
        "CurrentTime",
        "CurrentTimestamp",
        "CurrentTimestampLTZ",
        "Localtime",
        "Localtimestamp",
        "Rand",
        "Randn",
        "Randstr",
        "Systimestamp",
        "TableSample",
        "Uuid",
    )
    if (kind := getattr(exp, name, None)) is not None  # not every version of sqlglot has them all
)
_NAMES = frozenset(
    {
        "clock_timestamp",
        "current_localtime",
        "current_localtimestamp",
        "gen_random_uuid",
        "get_current_time",
        "get_current_timestamp",
        "getdate",
        "nextval",
        "now",
        "random",
        "setseed",
        "sysdate",
        "today",
        "transaction_timestamp",
        "uuid",
        "uuidv7",
    }
)


def may_be_volatile(text: str) -> bool:
    """Say whether SQL is worth being looked at: most holds no such word."""
    return _WORTH.search(text) is not None


def volatile_part(tree: exp.Expr) -> str:
    """Return the first part of a query or expression that gives something else each time, or ''."""
    return next(_volatile(tree.walk()), "")


def _volatile(nodes: Iterable[object]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, exp.Anonymous) and node.name.lower() in _NAMES:
            yield f"{node.name.lower()}()"
        elif isinstance(node, exp.TableSample):
            if node.args.get("seed") is None:
                yield "a sample without a seed"
        elif isinstance(node, _NODES):
            yield node.sql(dialect="duckdb").lower()
