"""Leases: who may do something alone, for some time, by compare-and-set alone.

A lease ends by itself when its owner does not renew it, so a crashed owner blocks nobody for longer. An owner that
was only slow may still believe that it holds it: whatever it writes under the lease should carry the lease's
`token`, which grows with each new holder, and be refused where a higher token was seen.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from pipeproof.errors import Finding, StoreError
from pipeproof.ports import KeyValue

_COUNTER = "#token"


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was taken.

    Attributes:
        store: Where it stands.
        namespace: Its namespace.
        name: What it is on.
        owner: Who holds it.
        seconds: How long it lasts from when it was taken or renewed.
        token: Number that no other holding of this lease has, and every later one exceeds.
    """

    store: KeyValue
    namespace: str
    name: str
    owner: str
    seconds: float
    token: int

    @property
    def content(self) -> bytes:
        """What stands in the store while it is held."""
        return json.dumps({"owner": self.owner, "token": self.token}).encode()

    def renew(self) -> None:
        """Make the lease last for its time from now.

        Raises:
            StoreError: It has run out, and perhaps another owner has it.
        """
        held = self.content
        if not self.store.swap(self.namespace, self.name, held, held, expires=self.seconds):
            what = f"the lease on {self.name!r} is not held any more by {self.owner!r}"
            fix = "stop what was done under it; take a longer lease, or renew it more often"
            raise StoreError(Finding("PPF548", what, fix=fix))

    def release(self) -> bool:
        """Give the lease back; False when it had run out already."""
        return self.store.swap(self.namespace, self.name, self.content, None)


def lease(store: KeyValue, namespace: str, name: str, owner: str, seconds: float) -> Lease | None:
    """Take a lease, or return None while another owner (or an earlier call of the same) holds it.

    Args:
        store: Where it stands; all who compete must use the same.
        namespace: Its namespace, which should hold nothing but leases.
        name: What it is on.
        owner: Who wants it.
        seconds: How long it lasts unless it is renewed.

    Raises:
        StoreError: The store fails.
    """
    # First the claim and then the token: a token that was drawn before could belong to a later holding than
    # those with greater ones. The claim is like no other, so if it is still there when the token is written to
    # it, nobody held the lease in between.
    claim = json.dumps({"owner": owner, "claim": uuid.uuid4().hex}).encode()
    if not store.swap(namespace, name, None, claim, expires=seconds):
        return None
    taken = Lease(store, namespace, name, owner, seconds, _next_token(store, namespace, name))
    return taken if store.swap(namespace, name, claim, taken.content, expires=seconds) else None


def holder(store: KeyValue, namespace: str, name: str) -> str | None:
    """Return who holds a lease, or None."""
    held = store.get(namespace, name)
    if held is None:
        return None
    content: dict[str, Any] = json.loads(held)
    return str(content["owner"])


def _next_token(store: KeyValue, namespace: str, name: str) -> int:
    """Count one on; the count has no expiry, so that no token comes again."""
    key = name + _COUNTER
    while True:
        before = store.get(namespace, key)
        after = 1 + int(before or b"0")
        if store.swap(namespace, key, before, str(after).encode()):
            return after
