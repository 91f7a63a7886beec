"""What steps came to, told to other machines that use the same store of state, and heard from them.

Each static key stands for a short list, newest first, of what steps with that key came to. Objects travel by
the store of objects; a result whose objects are not to be had is not taken.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pipeproof.model.codec import from_plain, to_plain
from pipeproof.model.event import Event, Finished
from pipeproof.model.reuse import Known
from pipeproof.ports import KeyValue

RESULTS, SECRETS = "results", "secrets"
"""Namespaces of the state."""
_NEWEST = 8  # results with one static key: as many versions of its inputs
_LARGEST = 500_000  # bytes of a list; the stores take twice as much
_TRIES = 20


class Shared:
    """Results that machines share.

    Args:
        state: The store of state that the settings name.
        run: The run that tells its results.
    """

    def __init__(self, state: KeyValue, run: str = "") -> None:
        self.state, self.run = state, run

    def known(self, statics: Collection[str]) -> Mapping[str, Sequence[Known]]:
        """Return what steps with these static keys came to on any machine, newest first."""
        found = self.state.get_many(RESULTS, statics)
        return {static: [_restore(item) for item in json.loads(body)] for static, body in found.items()}

    def __call__(self, events: Sequence[Event]) -> None:
        """Tell others what steps came to, as a sink of a run."""
        for event in events:
            if isinstance(event, Finished) and event.static and event.outcome.failure is None:
                self._add(event)

    def _add(self, event: Finished) -> None:
        item = {"run": self.run, "finished": to_plain(event)}
        for _ in range(_TRIES):
            old = self.state.get(RESULTS, event.static)
            kept = [item, *(json.loads(old) if old else [])][:_NEWEST]
            if self.state.swap(RESULTS, event.static, old, _encode(kept)):
                return


def _encode(items: list[dict[str, Any]]) -> bytes:
    """Return a list of results as bytes, without the oldest ones if it were too long."""
    body = json.dumps(items, separators=(",", ":")).encode()
    while len(body) > _LARGEST and len(items) > 1:
        items = items[:-1]
        body = json.dumps(items, separators=(",", ":")).encode()
    return body


def _restore(item: Mapping[str, Any]) -> Known:
    finished: Finished = from_plain(Finished, item["finished"])
    return Known(finished.key, item["run"], finished.outcome, finished.inputs)


def shared_salt(state: KeyValue, own: bytes) -> bytes:
    """Return the key of the hashes that all machines use: that of the first who came."""
    state.swap(SECRETS, "salt", None, own)
    return state.get(SECRETS, "salt") or own


def merged(
    *sources: Mapping[str, Sequence[Known]],
) -> Mapping[str, Sequence[Known]]:
    """Return the results of several sources, the first source's first."""
    found: dict[str, list[Known]] = {}
    for source in sources:
        for static, results in source.items():
            found.setdefault(static, []).extend(_new(results, found.get(static, ())))
    return found


def _new(results: Iterable[Known], there: Iterable[Known]) -> list[Known]:
    runs = {(known.run, known.outcome.task) for known in there}
    return [known for known in results if (known.run, known.outcome.task) not in runs]
