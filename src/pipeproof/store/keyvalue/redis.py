"""State in Redis: for several machines, with expiry by the server's clock."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pipeproof.errors import first_line
from pipeproof.store.keyvalue.faults import no_access, unreachable, unusable
from pipeproof.store.keyvalue.portions import chunks, portions

if TYPE_CHECKING:
    from pipeproof.store.keyvalue.address import RedisAddress

T = TypeVar("T")
CONNECT, ANSWER = 2.0, 2.5
"""Seconds until a connection stands, and until each answer is there: together below five."""
_CHUNK = 1000
_CHUNK_BYTES = 8_000_000
_SPECIAL = re.compile(r"([*?\[\]\\])")
# Arguments are: whether there is an old value, the old value, whether there is a new one, the new value,
# and its milliseconds or 0. A key that is not there is `false` in Lua, also when it has just expired.
_SWAP = """
local now = redis.call('GET', KEYS[1])
if ARGV[1] == '0' then
  if now then return 0 end
elseif now ~= ARGV[2] then
  return 0
end
if ARGV[3] == '0' then
  redis.call('DEL', KEYS[1])
elseif ARGV[5] == '0' then
  redis.call('SET', KEYS[1], ARGV[4])
else
  redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
end
return 1
"""


class RedisBackend:
    """Keeps items as plain keys ``pipeproof:NAMESPACE:KEY``; safe for threads, processes and forks.

    What was asked is asked once more when a connection breaks, if twice is the same as once: reads and
    puts, but not swaps and deletes. No answer in time is never asked again.

    Args:
        address: The server.

    Raises:
        StoreError: It cannot be reached, gives no access, or is no Redis.
    """

    def __init__(self, address: RedisAddress) -> None:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._address = address
        tls: dict[str, Any] = {"ssl": True, "ssl_ca_certs": address.authority or None} if address.tls else {}
        # Its types say bytes or text, whichever was asked for; here it is bytes.
        self._client: Any = redis.Redis(
            host=address.host,
            port=address.port,
            db=address.database,
            username=address.user or None,
            password=address.password or None,
            socket_connect_timeout=CONNECT,
            socket_timeout=ANSWER,
            retry=Retry(NoBackoff(), 0),
            protocol=2,  # with the next, one more question comes before the first of ours
            **tls,
        )
        self._swap = self._client.register_script(_SWAP)
        try:
            self._ask(self._client.ping, twice=True)
        except BaseException:
            self.close()
            raise

    def get_many(self, namespace: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the values of those keys that are there."""
        found: dict[str, bytes] = {}
        for chunk in chunks(keys, _CHUNK):
            names = [_name(namespace, key) for key in chunk]
            values = self._ask(self._client.mget, names, twice=True)
            found.update((key, value) for key, value in zip(chunk, values, strict=True) if value is not None)
        return found

    def put_many(self, namespace: str, items: Mapping[str, bytes], expires: float | None) -> None:
        """Keep values; each thousand, or eight megabytes, together."""
        for chunk in portions(items, _CHUNK, _CHUNK_BYTES):
            self._ask(self._put, namespace, chunk, expires, twice=True)

    def swap(
        self, namespace: str, key: str, old: bytes | None, new: bytes | None, expires: float | None
    ) -> bool:
        """Replace a value if it is `old`, by a script that the server runs alone."""
        given: list[Any] = [
            int(old is not None),
            old or b"",
            int(new is not None),
            new or b"",
            _milliseconds(expires) or 0,
        ]
        return bool(self._ask(self._swap, [_name(namespace, key)], given))

    def delete(self, namespace: str, keys: Sequence[str]) -> int:
        """Remove keys and return how many were there."""
        names = [[_name(namespace, key) for key in chunk] for chunk in chunks(keys, _CHUNK)]
        return sum(int(self._ask(self._client.delete, *some)) for some in names)

    def keys(self, namespace: str, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with a prefix; those that stay there meanwhile, and perhaps others."""
        start = _name(namespace, "")
        pattern = _SPECIAL.sub(r"\\\1", start + prefix) + "*"
        cursor, seen = 0, set[str]()
        while True:
            cursor, found = self._ask(self._client.scan, cursor, pattern, _CHUNK, twice=True)
            # The server may tell a key twice.
            new = {name.decode()[len(start) :] for name in found} - seen
            seen |= new
            yield from new
            if cursor == 0:
                return

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _put(self, namespace: str, items: Mapping[str, bytes], expires: float | None) -> None:
        with self._client.pipeline(transaction=True) as pipeline:
            for key, value in items.items():
                pipeline.set(_name(namespace, key), value, px=_milliseconds(expires))
            pipeline.execute()

    def _ask(self, question: Callable[..., T], *given: Any, twice: bool = False) -> T:
        import redis

        with self._faults():
            if twice:
                with contextlib.suppress(redis.ConnectionError):
                    return question(*given)
            return question(*given)

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        import redis

        shown = str(self._address)
        try:
            yield
        except (redis.AuthenticationError, redis.exceptions.NoPermissionError) as error:
            raise no_access(shown, self._said(error)) from None
        except redis.exceptions.InvalidResponse as error:
            raise unusable(shown, f"it is no Redis: {self._said(error)}", "check the port") from None
        except redis.TimeoutError:
            raise unreachable(shown, "no answer in time") from None
        except (redis.ConnectionError, OSError) as error:
            raise unreachable(shown, self._said(error)) from None
        except redis.RedisError as error:
            raise unusable(shown, self._said(error)) from None

    def _said(self, error: Exception) -> str:
        """Return what an error says, without the password in whatever was sent."""
        said = first_line(error).rstrip(".")
        return said.replace(self._address.password, "***") if self._address.password else said


def _name(namespace: str, key: str) -> str:
    # A colon ends the namespace, so it must not hold one: `a:b` and `c` are not `a` and `b:c`.
    return f"pipeproof:{namespace.replace('%', '%25').replace(':', '%3A')}:{key}"


def _milliseconds(expires: float | None) -> int | None:
    return None if expires is None else max(1, math.ceil(expires * 1000))
