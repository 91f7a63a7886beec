"""Objects that are shared: in a bucket, with the local store before it.

What is made is hashed and kept locally, then uploaded, before anybody hears of it; what is read is fetched
when it is first asked for, checked against its name, and kept. So code sees files, and two projects that
share a bucket find each other's objects by their digests.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from pipeproof.digest import digest_file
from pipeproof.errors import Finding, StoreError
from pipeproof.model.artifact import Artifact
from pipeproof.store.objects import LISTING, LocalObjects, digest_of_listing
from pipeproof.store.remote.bucket import Bucket
from pipeproof.store.remote.claim import claim, claimed_by, project_of, refuse_claimed

T = TypeVar("T")
_AT_ONCE = 8  # files of a folder on their way
_STRIPES = 64


class RemoteObjects:
    """An object store in a bucket, seen through a local one.

    Args:
        local: The store that lies before it.
        bucket: Where all objects are.
        fallback: Whether to go on with the local store alone when the bucket cannot be reached;
            `notes` says so then.
        uploads: Whether what is added goes into the bucket.
    """

    def __init__(
        self, local: LocalObjects, bucket: Bucket, *, fallback: bool = False, uploads: bool = True
    ) -> None:
        self.local, self.bucket, self.fallback, self.uploads = local, bucket, fallback, uploads
        self.lost: StoreError | None = None
        self._permitted = False
        self._fetching = tuple(threading.Lock() for _ in range(_STRIPES))

    def __reduce__(self) -> Any:
        return _again, (self.local.root, self.bucket, self.fallback, self.uploads)

    @property
    def apart(self) -> RemoteObjects:
        """The store for trials, whose made data stay on this machine; what is in the bucket can be read."""
        return RemoteObjects(self.local.apart, self.bucket, fallback=self.fallback, uploads=False)

    @property
    def root(self) -> Path:
        """The folder of the local store."""
        return self.local.root

    @property
    def notes(self) -> tuple[str, ...]:
        """What a record must say: that the bucket was lost, and where objects are instead."""
        if self.lost is None:
            return ()
        return (f"{self.lost.findings[0].what}; objects were kept in {self.root} alone (PPF555)",)

    def add(self, path: Path, *, move: bool = True) -> tuple[str, int]:
        """Take a file or folder in, here and in the bucket, and return its digest and size in bytes.

        Raises:
            StoreError: It cannot be taken in, or the bucket cannot be reached or refuses.
        """
        digest, size = self.local.add(path, move=move)
        listing = digest + LISTING
        if not self.uploads:
            return digest, size
        if self.local.place(listing).exists():
            self._each(self._upload, self.local.files_of(listing))
            self._upload(listing)
        else:
            self._upload(digest)
        return digest, size

    def path(self, digest: str) -> Path:
        """Return where a file stands, having fetched it unless it was here.

        Raises:
            StoreError: The bucket cannot be reached or refuses, or what it holds is damaged.
        """
        self._fetch(digest)
        return self.local.place(digest)

    def place(self, name: str) -> Path:
        """Return where an object stands once it is here."""
        return self.local.place(name)

    def has(self, artifact: Artifact) -> bool:
        """Say whether the content of an artifact is here, or in the bucket with the size it should have.

        Raises:
            StoreError: The bucket cannot be reached or refuses.
        """
        return self.local.has(artifact) or self._is_there(artifact)

    def refuse_damaged(self, artifact: Artifact, *, thorough: bool = False) -> None:
        """Make sure that what is here of an artifact is what its name says; what is not is fetched again.

        Args:
            artifact: The artifact.
            thorough: Hash large files too, and those that this process has hashed before.

        Raises:
            StoreError: It is damaged and not in the bucket, or the bucket cannot be reached or refuses.
        """
        try:
            self.local.refuse_damaged(artifact, thorough=thorough)
        except StoreError:
            if not self._is_there(artifact):
                raise

    def is_whole(self, artifact: Artifact) -> bool:
        """Say the same, and that what is here is what its name says; the rest is looked at when it is fetched.

        Raises:
            StoreError: The bucket cannot be reached or refuses.
        """
        return self.local.is_whole(artifact) or self._is_there(artifact)

    def _is_there(self, artifact: Artifact) -> bool:
        """Say whether an artifact can be had from the bucket; what is here of it in another size is removed for that."""
        if artifact.kind != "folder":
            there = self._size(artifact.digest) == artifact.size
            return there and self._make_way(artifact.digest, artifact.size)
        listing = artifact.digest + LISTING
        if not self._fetch(listing):
            return False
        files = self.local.files_of(listing)
        sizes = self._each(self._size, files)
        return all(
            size is not None and self._make_way(name, size) for name, size in zip(files, sizes, strict=True)
        )

    def _make_way(self, name: str, size: int) -> bool:
        place = self.local.place(name)
        if place.exists() and place.stat().st_size != size:
            self.local.remove(name)
        return True

    def lay_out(self, digest: str, to: Path) -> None:
        """Copy a file or folder out to `to`; the copy may be written to.

        Raises:
            StoreError: There is no such object, or the bucket cannot be reached or refuses.
        """
        if self._fetch(digest + LISTING):
            self._each(self._fetch, self.local.files_of(digest + LISTING))
        else:
            self._fetch(digest)
        self.local.lay_out(digest, to)

    def check(self) -> None:
        """Write, read and remove something in the bucket.

        Raises:
            StoreError: One of them cannot be done.
        """
        with self.local.temporary() as scratch:
            self.bucket.check(scratch)

    def files_of(self, name: str) -> tuple[str, ...]:
        """Return the names of the files in a folder; none if the object is no folder's listing.

        Raises:
            StoreError: The bucket cannot be reached or refuses.
        """
        return self.local.files_of(name) if name.endswith(LISTING) and self._fetch(name) else ()

    def claim(self) -> None:
        """Let this project be the only one that writes to the bucket, and that may remove from it.

        Raises:
            StoreError: Another one claimed it, or the bucket cannot be reached or refuses.
        """
        with self.local.temporary() as scratch:
            claim(self.bucket, project_of(self.root.parent), scratch)

    @property
    def is_claimed(self) -> bool:
        """Whether this project claimed the bucket.

        Raises:
            StoreError: The bucket cannot be reached or refuses.
        """
        with self.local.temporary() as scratch:
            return claimed_by(self.bucket, scratch) == project_of(self.root.parent)

    def remove(self, name: str) -> None:
        """Remove an object here and in the bucket, whoever needs it."""
        self.local.remove(name)
        self.bucket.remove((name,))

    def _upload(self, name: str) -> None:
        path = self.local.place(name)
        size = path.stat().st_size
        with self.local.together():  # `pipeproof gc --remote` removes under the same lock, held alone
            self.local.touch(name)
            there = self._size(name)
        self._reach(self._may_write)
        if there != size and self.lost is None:
            self._reach(lambda: self.bucket.put(path, name, replace=there is not None))

    def _may_write(self) -> None:
        if not self._permitted:
            with self.local.temporary() as scratch:
                refuse_claimed(self.bucket, project_of(self.root.parent), scratch)
            self._permitted = True

    def _size(self, name: str) -> int | None:
        return self._reach(lambda: self.bucket.size(name))

    def _fetch(self, name: str) -> bool:
        """Let an object be here, and say whether it is."""
        to = self.local.place(name)
        if to.exists():
            return True
        with self._fetching[int(name[:2], 16) % _STRIPES]:  # several steps may want the same table at once
            return to.exists() or bool(self._reach(lambda: self._download(name)))

    def _download(self, name: str) -> bool:
        size = self.bucket.size(name)
        if size is None:
            return False
        try:
            with self.local.temporary() as arriving:
                if not self.bucket.get(name, arriving, size):
                    return False
                digest = digest_file(arriving)
                self._refuse_damaged(name, digest, arriving)
                self.local.keep(arriving, name, digest)
        except OSError as error:
            raise self.local.unwritable(name[:12], error) from error
        return True

    def _refuse_damaged(self, name: str, digest: str, arriving: Path) -> None:
        if name.endswith(LISTING):
            digest = digest_of_listing(arriving.read_bytes()) + LISTING
        if digest != name:
            what = f"the object {name[:12]} in {self.bucket.address} is not what its name says"
            fix = "remove it there, and run the step that makes it again"
            raise StoreError(Finding("PPF556", what, fix=fix))

    def _reach(self, ask: Callable[[], T]) -> T | None:
        """Ask the bucket; when it is lost and that is allowed, it is not asked again, and `notes` says so."""
        if self.lost is not None:
            return None
        try:
            return ask()
        except StoreError as error:
            if not self.fallback or error.findings[0].code != "PPF552":
                raise
            self.lost = error
            return None

    def _each(self, work: Callable[[str], T], names: Iterable[str]) -> list[T]:
        names = list(names)
        if len(names) < 2:  # noqa: PLR2004 one needs no threads
            return [work(name) for name in names]
        with ThreadPoolExecutor(min(_AT_ONCE, len(names))) as pool:
            return list(pool.map(work, names))


def _again(root: Path, bucket: Bucket, fallback: bool, uploads: bool) -> RemoteObjects:  # noqa: FBT001 arguments of a pickle have no names
    return RemoteObjects(LocalObjects(root), bucket, fallback=fallback, uploads=uploads)
