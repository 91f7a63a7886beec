"""A bucket, or a folder of others, as names with content; by fsspec, with errors for people and deadlines.

What is asked quickly (is it there, list, remove) gets four seconds, so that a server that is gone is told
within five; what moves content gets them on top of the time it takes at the slowest rate that is worth
waiting for. No error tells more of the other side than its kind: messages of servers may name keys.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.errors import Finding, StoreError
from pipeproof.store.objects import NAME
from pipeproof.store.remote.address import Address

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

PATIENCE = 4.0
"""Seconds that a server has for an answer."""
_CONNECT = 2  # seconds
_SLOWEST = 64 * 2**10  # bytes a second
_ATOMIC = frozenset({"s3", "gs"})  # elsewhere a file appears before it is complete, unless it is renamed
_INSTALL = {"s3": "'pipeproof[s3]'", "gs": "'pipeproof[gcs]'"}
_OURS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})  # while fetching: of the disk here
_DENIED = frozenset({401, 403})
_KEYLESS = frozenset({"NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError"})
_REFUSED = frozenset({"RefreshError", "ProfileNotFound", "TokenRetrievalError", "SSOTokenLoadError"})


@dataclass(frozen=True, slots=True)
class Entry:
    """An object as a list of the bucket shows it: name, bytes, seconds since 1970 when it was written."""

    name: str
    size: int
    written: float


class Bucket:
    """Content by name at an address."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._opening = threading.Lock()

    def __reduce__(self) -> Any:
        return type(self), (self.address,)

    def size(self, name: str) -> int | None:
        """Return the size of what stands under a name in bytes; None if nothing does.

        Raises:
            StoreError: The bucket cannot be reached, or refuses.
        """
        try:
            return int(self._call("info", self._full(name))["size"])
        except FileNotFoundError:
            return None

    def put(self, path: Path, name: str, *, replace: bool = False) -> None:
        """Let a file appear under a name, whole; unless asked to replace, what stands there may win.

        Raises:
            StoreError: The bucket cannot be reached, refuses, or is not there.
        """
        patience = PATIENCE + path.stat().st_size / _SLOWEST
        full = self._full(name)
        try:
            if self.address.scheme in _ATOMIC:
                mode = "overwrite" if replace else "create"
                self._call("put_file", str(path), full, patience=patience, mode=mode)
            else:
                self._put_and_rename(path, full)
        except FileExistsError:
            return  # somebody else was quicker, with the same content
        except FileNotFoundError as error:
            raise self._missing() from error

    def get(self, name: str, to: Path, size: int) -> bool:
        """Copy what stands under a name to a path; False if nothing does.

        Raises:
            StoreError: The bucket cannot be reached, or refuses.
            OSError: There is no space for it here.
        """
        try:
            self._call("get_file", self._full(name), str(to), patience=PATIENCE + size / _SLOWEST)
        except FileNotFoundError:
            return False
        except StoreError as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in _OURS:
                raise error.__cause__ from None
            raise
        return True

    def entries(self) -> Iterator[Entry]:
        """Yield all that stands here, in no order.

        Raises:
            StoreError: The bucket cannot be reached, refuses, or is not there.
        """
        try:
            found = self._call("find", self.address.place, patience=60.0, detail=True)
        except FileNotFoundError:
            found = {}
        front = len(self._root) + 1
        for path, about in found.items():
            name = str(path)[front:]
            plain = name.replace("/", "", 1)
            yield Entry(plain if NAME.fullmatch(plain) else name, int(about["size"] or 0), _written(about))

    def remove(self, names: Collection[str]) -> None:
        """Remove what stands under names; what is gone already is no error.

        Raises:
            StoreError: The bucket cannot be reached, or refuses.
        """
        for name in names:
            try:
                self._call("rm_file", self._full(name))
            except FileNotFoundError:
                continue

    def check(self, scratch: Path) -> None:
        """Write, read and remove a small object.

        Raises:
            StoreError: One of them cannot be done.
        """
        name = f"probe/{uuid.uuid4().hex}"
        body = name.encode()
        scratch.write_bytes(body)
        self.put(scratch, name)
        if not self.get(name, scratch, len(body)) or scratch.read_bytes() != body:
            raise self._error("PPF556", "gives back something else than was written", "see to the server")
        self.remove((name,))

    @cached_property
    def _root(self) -> str:
        return str(self._files._strip_protocol(f"{self.address}")).rstrip("/")  # noqa: SLF001 part of what fsspec specifies

    def _full(self, name: str) -> str:
        if NAME.fullmatch(name):
            name = f"{name[:2]}/{name[2:]}"  # as in the local store
        return f"{self._root}/{name}"

    def _put_and_rename(self, path: Path, full: str) -> None:
        beside = f"{self._root}/incoming/{uuid.uuid4().hex}"
        for folder in (beside, full):
            self._call("makedirs", folder.rpartition("/")[0], exist_ok=True)
        self._call("put_file", str(path), beside)
        self._call("mv", beside, full)

    def _call(self, method: str, *args: Any, patience: float = PATIENCE, **options: Any) -> Any:
        """Call a method of the file system; what goes wrong is told in our words, unless something is not there."""
        try:
            files = self._files
            if not files.async_impl:
                return getattr(files, method)(*args, **options)
            from fsspec.asyn import sync

            return sync(files.loop, getattr(files, f"_{method}"), *args, timeout=patience, **options)
        except (FileNotFoundError, FileExistsError, StoreError):
            raise
        except Exception as error:  # libraries of three kinds of servers: their errors have no common class
            raise self._told(error, patience) from error

    @property
    def _files(self) -> AbstractFileSystem:
        with self._opening:
            return self._opened

    @cached_property
    def _opened(self) -> AbstractFileSystem:
        try:
            return _open(self.address)
        except ImportError as error:
            what = f"objects at {self.address.scheme}:// need a package that is not installed ({error.name})"
            fix = f"pip install {_INSTALL.get(self.address.scheme, 'fsspec')}"
            raise StoreError(Finding("PPF551", what, fix=fix)) from error

    def _told(self, error: Exception, patience: float) -> StoreError:
        kind = type(error).__name__
        if isinstance(error, TimeoutError):
            return self._error(
                "PPF552", f"gave no answer within {patience:.0f} s", "see that the server runs and is reached"
            )
        if kind in _KEYLESS:
            fix = "set the credentials in the environment, name a profile, or add ?anonymous=true"
            return self._error("PPF553", "wants credentials, and there are none", fix)
        if isinstance(error, PermissionError) or kind in _REFUSED or _is_denied(error):
            return self._error(
                "PPF553", "refuses: wrong credentials, or no permission", "see to keys and permissions"
            )
        if _is_unreachable(error):
            return self._error(
                "PPF552", f"cannot be reached ({kind})", "see that the server runs and is reached"
            )
        return self._error("PPF552", f"cannot be used ({kind})", "see to the server")

    def _missing(self) -> StoreError:
        return self._error("PPF554", "is not there", "make the bucket first, or check its name")

    def _error(self, code: str, what: str, fix: str) -> StoreError:
        return StoreError(Finding(code, f"the object store {self.address} {what}", fix=fix))


def _written(about: Any) -> float:
    for key in ("LastModified", "mtime", "updated", "created"):
        if (found := about.get(key)) is not None:
            return float(found.timestamp() if hasattr(found, "timestamp") else found)
    return 0.0


def _is_denied(error: Exception) -> bool:
    # gcsfs gives the status as `code`, and says 403 as an OSError with this word.
    return getattr(error, "code", None) in _DENIED or str(error).startswith("Forbidden")


def _is_unreachable(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ConnectionError) or "Connect" in type(error).__name__:
            return True
        error = error.__cause__ or error.__context__
    return False


def _open(address: Address) -> AbstractFileSystem:
    import fsspec

    common: dict[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False}
    options = address.options
    anonymous = options.get("anonymous", "").lower() in {"true", "yes", "1"}
    if address.scheme == "s3":
        import s3fs

        files = s3fs.S3FileSystem(
            anon=anonymous,
            endpoint_url=options.get("endpoint"),
            profile=options.get("profile"),
            client_kwargs={"region_name": options["region"]} if "region" in options else {},
            config_kwargs={
                "connect_timeout": _CONNECT,
                "retries": {"mode": "standard", "max_attempts": 2},
            },
            **common,
        )
        files.retries = 1  # botocore tries again itself
        return files
    if address.scheme == "gs":
        return _open_gcs(options, common, anonymous=anonymous)
    made: AbstractFileSystem = fsspec.filesystem(address.scheme, **common)
    return made


def _open_gcs(options: Any, common: dict[str, Any], *, anonymous: bool) -> AbstractFileSystem:
    from gcsfs.core import (
        GCSFileSystem,
    )  # the class of the package asks for the bucket's layout first, for a minute

    # It logs each error that it raises, with its traceback.
    logging.getLogger("gcsfs").addHandler(logging.NullHandler())
    emulated = bool(os.environ.get("STORAGE_EMULATOR_HOST"))
    return GCSFileSystem(
        project=options.get("project", ""),
        token="anon" if anonymous or emulated else None,
        endpoint_url=options.get("endpoint"),
        **common,
    )
