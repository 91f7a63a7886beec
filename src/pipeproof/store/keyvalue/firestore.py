"""State in Firestore: for several machines, without a server of one's own.

An item is the document ``pipeproof/n-NAMESPACE/keys/DIGEST``. Its name is a digest of the key, as names of
documents may not hold ``/``, nor be long; the key stands in a field. Whether an item has expired is told by the
server's clock alone: by when it was written, how long it lives, and when it was read. The field `expires` is
for Firestore's own removal of old documents (a TTL policy), which comes days later.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from pipeproof.errors import first_line
from pipeproof.store.keyvalue.faults import no_access, unreachable, unusable
from pipeproof.store.keyvalue.portions import chunks, portions

if TYPE_CHECKING:
    from google.cloud.firestore import CollectionReference, DocumentReference
    from google.cloud.firestore_v1.base_document import DocumentSnapshot

    from pipeproof.store.keyvalue.address import FirestoreAddress

    Snapshot = DocumentSnapshot[DocumentReference]

T = TypeVar("T")
ANSWER = 3.5
"""Seconds until each answer is there, the connection included."""
_CHUNK = 500
_CHUNK_BYTES = 1_000_000  # a commit holds 10 MiB; this goes over a slow line in the time for an answer too
_HEAD = 256  # characters; Firestore compares the first 1,500 bytes of a text
_LATER = timedelta(hours=1)
"""What is kept longer than it lives, so that clocks that differ remove nothing early."""


class FirestoreBackend:
    """Keeps items as documents; safe for threads.

    Args:
        address: The project and its database; with `FIRESTORE_EMULATOR_HOST` in the environment that emulator.

    Raises:
        StoreError: It cannot be reached or gives no access.
    """

    def __init__(self, address: FirestoreAddress) -> None:
        self._address = address
        self._client = self._connect()
        try:
            self.get_many("probe", ["probe"])
        except BaseException:
            self.close()
            raise

    def get_many(self, namespace: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the values of those keys that are there."""
        found = (snapshot for chunk in chunks(keys, _CHUNK) for snapshot in self._read(namespace, chunk))
        return {data["key"]: data["value"] for snapshot in found if (data := _live(snapshot)) is not None}

    def put_many(self, namespace: str, items: Mapping[str, bytes], expires: float | None) -> None:
        """Keep values; each 500, or a megabyte, together."""
        for part in portions(items, _CHUNK, _CHUNK_BYTES):
            self._ask(self._put, namespace, part, expires)

    def swap(
        self, namespace: str, key: str, old: bytes | None, new: bytes | None, expires: float | None
    ) -> bool:
        """Replace a value if it is `old`: written under the condition that the document is still as it was read."""
        until = time.monotonic() + ANSWER
        while True:
            (snapshot,) = self._read(namespace, [key])
            data = _live(snapshot)
            if (None if data is None else data["value"]) != old:
                return False
            if new is None and not snapshot.exists:
                return True
            if self._write_if_as(snapshot, None if new is None else _fields(key, new, expires)):
                return True
            if time.monotonic() > until:
                raise unreachable(str(self._address), f"others write {key[:40]!a} without a pause")

    def delete(self, namespace: str, keys: Sequence[str]) -> int:
        """Remove keys and return how many were there."""
        count = 0
        for chunk in chunks(keys, _CHUNK):
            there = [snapshot for snapshot in self._read(namespace, chunk) if snapshot.exists]
            count += sum(_live(snapshot) is not None for snapshot in there)
            self._remove([snapshot.reference for snapshot in there])
        return count

    def keys(self, namespace: str, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with a prefix; a page at a time."""
        head, last = prefix[:_HEAD], None
        while True:
            page: list[Snapshot] = self._ask(self._page, namespace, head, last)
            for snapshot in page:
                data = snapshot.to_dict() or {}
                # They come in the order of their heads, so those with the prefix stand together, and first.
                if not data["head"].startswith(head):
                    return
                if _live(snapshot) is not None and data["key"].startswith(prefix):
                    yield data["key"]
            if len(page) < _CHUNK:
                return
            last = page[-1]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _connect(self) -> Any:  # parts of the client have no types
        from google.auth.exceptions import GoogleAuthError
        from google.cloud import firestore

        project, database = self._address.project, self._address.database
        made = _within(ANSWER, lambda: firestore.Client(project=project, database=database))
        if made is None:
            raise no_access(str(self._address), "no credentials were found in time")
        if isinstance(made, GoogleAuthError | OSError):  # the latter where no project is named anywhere
            raise no_access(str(self._address), first_line(made).rstrip("."))
        if isinstance(made, Exception):
            raise made
        return made

    def _collection(self, namespace: str) -> CollectionReference:
        # The letter in front keeps `.`, `..` and `__name__` from being names of their own.
        place = self._client.collection("pipeproof").document(f"n-{quote(namespace, safe='')}")
        found: CollectionReference = place.collection("keys")
        return found

    def _document(self, namespace: str, key: str) -> DocumentReference:
        return self._collection(namespace).document(hashlib.sha256(key.encode()).hexdigest())

    def _read(self, namespace: str, keys: Sequence[str]) -> list[Snapshot]:
        return self._ask(self._read_once, namespace, keys)

    def _read_once(self, namespace: str, keys: Sequence[str]) -> list[Snapshot]:
        documents = [self._document(namespace, key) for key in keys]
        return list(self._client.get_all(documents, retry=None, timeout=ANSWER))

    def _page(self, namespace: str, head: str, last: Snapshot | None) -> list[Snapshot]:
        from google.cloud.firestore_v1.base_query import FieldFilter

        query = self._collection(namespace).select(["key", "head", "lives"]).order_by("head").limit(_CHUNK)
        query = query.where(filter=FieldFilter("head", ">=", head)) if head else query
        query = query.start_after(last) if last else query
        return list(query.stream(retry=None, timeout=ANSWER))

    def _put(self, namespace: str, items: Mapping[str, bytes], expires: float | None) -> None:
        batch = self._client.batch()
        for key, value in items.items():
            batch.set(self._document(namespace, key), _fields(key, value, expires))
        batch.commit(retry=None, timeout=ANSWER)

    def _write_if_as(self, seen: Snapshot, fields: dict[str, Any] | None) -> bool:
        """Write a document, or remove it, unless it has changed since it was seen; say whether that was done."""
        from google.api_core import exceptions

        batch = self._client.batch()
        if not seen.exists:
            batch.create(seen.reference, fields or {})
        else:
            option = self._client.write_option(last_update_time=seen.update_time)
            if fields is None:
                batch.delete(seen.reference, option=option)
            else:
                batch.update(seen.reference, fields, option=option)
        changed = (exceptions.Conflict, exceptions.FailedPrecondition, exceptions.NotFound)
        with self._faults(), contextlib.suppress(*changed):
            batch.commit(retry=None, timeout=ANSWER)
            return True
        return False

    def _remove(self, documents: Sequence[DocumentReference]) -> None:
        if not documents:
            return
        batch = self._client.batch()
        for document in documents:
            batch.delete(document)
        with self._faults():
            batch.commit(retry=None, timeout=ANSWER)

    def _ask(self, question: Callable[..., T], *given: Any) -> T:
        """Ask what may be asked twice: once more over a new connection where the old one broke."""
        from google.api_core.exceptions import ServiceUnavailable

        with self._faults():
            with contextlib.suppress(ServiceUnavailable):
                return question(*given)
            # A connection that broke waits longer and longer before it is made anew; a new client does not.
            # The old one is not closed, as other threads may wait for answers of it.
            self._client = self._connect()
            return question(*given)

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        from google.api_core import exceptions
        from google.auth.exceptions import GoogleAuthError

        shown = str(self._address)
        try:
            yield
        except (exceptions.Unauthenticated, exceptions.PermissionDenied, GoogleAuthError) as error:
            raise no_access(shown, first_line(error)) from None
        except exceptions.DeadlineExceeded:
            raise unreachable(shown, "no answer in time") from None
        except (exceptions.ServiceUnavailable, exceptions.RetryError) as error:
            raise unreachable(shown, first_line(error)) from None
        except exceptions.GoogleAPIError as error:
            raise unusable(shown, first_line(error)) from None


def _within(seconds: float, work: Callable[[], Any]) -> Any:
    """Return what a call returned or raised, or None when it takes longer.

    Credentials are looked for at an address that answers in Google's own network only, three times for three
    seconds where a firewall swallows the question. The thread is left behind and ends by itself.
    """
    done: list[Any] = []

    def call() -> None:
        try:
            done.append(work())
        except Exception as error:  # noqa: BLE001 handed on to whoever asked
            done.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    return done[0] if done else None


def _fields(key: str, value: bytes, expires: float | None) -> dict[str, Any]:
    ends = None if expires is None else datetime.now(UTC) + timedelta(seconds=expires) + _LATER
    return {"key": key, "head": key[:_HEAD], "value": bytes(value), "lives": expires, "expires": ends}


def _live(snapshot: Snapshot) -> dict[str, Any] | None:
    """Return the fields of a document, or None where there is none, or none any more."""
    data: dict[str, Any] | None = snapshot.to_dict()
    if data is None or data["lives"] is None:
        return data
    return data if snapshot.update_time + timedelta(seconds=data["lives"]) > snapshot.read_time else None
