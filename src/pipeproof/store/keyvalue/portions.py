"""Many keys or items in parts that a server takes at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence


def chunks(keys: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    """Yield at most so many keys at a time."""
    for start in range(0, len(keys), most):
        yield keys[start : start + most]


def portions(items: Mapping[str, bytes], most: int, most_bytes: int) -> Iterator[Mapping[str, bytes]]:
    """Yield at most so many items and bytes at a time, but at least one item."""
    part: dict[str, bytes] = {}
    size = 0
    for key, value in items.items():
        more = len(value) + 2 * len(key.encode())  # a store may keep a key's beginning beside it
        if part and (len(part) == most or size + more > most_bytes):
            yield part
            part, size = {}, 0
        part[key] = value
        size += more
    if part:
        yield part
