"""State in memory, for as long as the process lasts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

_Item = tuple[bytes, float | None]
_SWEEP = 1000  # writes between two looks for what has expired


class MemoryBackend:
    """Keeps items in dictionaries; safe for threads.

    Args:
        now: The time in seconds, from any start.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._namespaces: dict[str, dict[str, _Item]] = {}
        self._writes = 0

    def get_many(self, namespace: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the values of those keys that are there."""
        with self._lock:
            found = ((key, self._live(namespace, key)) for key in keys)
            return {key: value for key, value in found if value is not None}

    def put_many(self, namespace: str, items: Mapping[str, bytes], expires: float | None) -> None:
        """Keep values."""
        with self._lock:
            for key, value in items.items():
                self._write(namespace, key, value, expires)

    def swap(
        self, namespace: str, key: str, old: bytes | None, new: bytes | None, expires: float | None
    ) -> bool:
        """Replace a value if it is `old`, in one step."""
        with self._lock:
            if self._live(namespace, key) != old:
                return False
            if new is None:
                self._namespaces.get(namespace, {}).pop(key, None)
            else:
                self._write(namespace, key, new, expires)
            return True

    def delete(self, namespace: str, keys: Sequence[str]) -> int:
        """Remove keys and return how many were there."""
        with self._lock:
            there = [key for key in keys if self._live(namespace, key) is not None]
            for key in there:
                del self._namespaces[namespace][key]
            return len(there)

    def keys(self, namespace: str, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with a prefix, as they are now."""
        with self._lock:
            there = [key for key in self._namespaces.get(namespace, ()) if key.startswith(prefix)]
            there = [key for key in there if self._live(namespace, key) is not None]
        yield from there

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._namespaces.clear()

    def _live(self, namespace: str, key: str) -> bytes | None:
        item = self._namespaces.get(namespace, {}).get(key)
        return None if item is None or self._is_over(item) else item[0]

    def _is_over(self, item: _Item) -> bool:
        return item[1] is not None and item[1] <= self._now()

    def _write(self, namespace: str, key: str, value: bytes, expires: float | None) -> None:
        ends = None if expires is None else self._now() + expires
        self._namespaces.setdefault(namespace, {})[key] = (bytes(value), ends)
        self._writes += 1
        if self._writes % _SWEEP == 0:
            self._sweep()

    def _sweep(self) -> None:
        """Remove what has expired, so that memory is not filled by what nobody asks for again."""
        for items in self._namespaces.values():
            for key in [key for key, item in items.items() if self._is_over(item)]:
                del items[key]
