"""Removing objects that nobody needs, while others add theirs.

The ledger says who needs what, and only once a step has ended: an object is there a little earlier. So two things
protect an object: that a run which is kept names it, or that somebody touched it of late, as everybody does who
adds an object or finds that it is whole (`LocalObjects.touch`). Whoever touches holds the store's lock together
with others; who removes looks at the time once more and removes, holding the lock alone. Either the touch comes
first, and the object stays; or the object is gone first, and whoever looks for it finds nothing and makes it again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pipeproof.store.forgotten import tombstone_of
from pipeproof.store.objects import LISTING, NAME, LocalObjects
from pipeproof.store.remote import RemoteObjects

_BATCH = 100  # objects that are removed before others may go on
_REMOTE_BATCH = 10


@dataclass(frozen=True, slots=True)
class Swept:
    """What was removed, or would be: how many objects and bytes; and what is too young to be removed."""

    objects: int = 0
    size: int = 0
    young: int = 0
    young_size: int = 0


def needed(digests: Collection[str], objects: LocalObjects, state: Path) -> set[str]:
    """Return the names of all objects that belong to digests: files, folders with all in them, what was left of forgotten ones."""
    left = {gone.left for digest in digests if (gone := tombstone_of(state, digest)) is not None}
    roots = {*digests, *left}
    listings = {digest + LISTING for digest in roots}
    inside = {name for listing in listings for name in objects.files_of(listing)}
    return roots | listings | inside


def sweep(objects: LocalObjects, keep: Collection[str], *, before: float, dry: bool = False) -> Swept:
    """Remove the objects that are not to be kept and that nobody touched since `before`, in seconds since 1970."""
    times = {name: objects.place(name).stat() for name in _there(objects)}
    young = {name for name in times.keys() - keep if times[name].st_mtime >= before}
    young |= {file for name in young for file in objects.files_of(name)} & times.keys() - set(keep)
    old = times.keys() - keep - young
    removed = (
        old if dry else {name for some in _batches(old, _BATCH) for name in _remove(objects, some, before)}
    )
    young |= old - removed
    return Swept(
        len(removed),
        sum(times[name].st_size for name in removed),
        len(young),
        sum(times[name].st_size for name in young),
    )


def sweep_bucket(remote: RemoteObjects, keep: Collection[str], *, before: float, dry: bool = False) -> Swept:
    """Remove the same from the bucket, which no other project may use.

    Raises:
        StoreError: The bucket cannot be reached or refuses.
    """
    entries = {entry.name: entry for entry in remote.bucket.entries() if NAME.fullmatch(entry.name)}
    listings = {name for name in entries.keys() & keep if name.endswith(LISTING)}
    keep = set(keep).union(*map(remote.files_of, listings))
    unneeded = entries.keys() - keep
    young = {name for name in unneeded if entries[name].written >= before}
    old = unneeded - young
    removed = set(old) if dry else set()
    for some in () if dry else _batches(old, _REMOTE_BATCH):
        with remote.local.together(alone=True):
            # Whoever needs one again has it here, touched, before looking whether the bucket has it.
            gone = {name for name in some if not _is_young(remote.local, name, before)}
            remote.bucket.remove(gone)
        removed |= gone
    young |= old - removed
    return Swept(
        len(removed),
        sum(entries[name].size for name in removed),
        len(young),
        sum(entries[name].size for name in young),
    )


def _there(objects: LocalObjects) -> Iterator[str]:
    return (name for name in objects.names() if objects.place(name).exists())


def _remove(objects: LocalObjects, names: Iterable[str], before: float) -> set[str]:
    with objects.together(alone=True):
        gone = {name for name in names if not _is_young(objects, name, before)}
        for name in gone:
            objects.remove(name)
    return gone


def _is_young(objects: LocalObjects, name: str, before: float) -> bool:
    try:
        return objects.place(name).stat().st_mtime >= before
    except FileNotFoundError:
        return False


def _batches(names: Iterable[str], size: int) -> Iterator[list[str]]:
    ordered = iter(sorted(names))
    while some := list(islice(ordered, size)):
        yield some
