"""Objects in a bucket that others may share."""

from __future__ import annotations

from pipeproof.store.objects import LocalObjects
from pipeproof.store.remote.address import HERE, read_address
from pipeproof.store.remote.bucket import Bucket
from pipeproof.store.remote.objects import RemoteObjects

__all__ = ["RemoteObjects", "open_objects"]


def open_objects(
    address: str, local: LocalObjects, *, fallback: bool = False
) -> LocalObjects | RemoteObjects:
    """Return the store for objects at an address; nothing is asked of the other side yet.

    Args:
        address: ``s3://bucket/prefix``, ``gs://bucket/prefix``, ``file:///folder``, a folder, or ``local``.
        local: The store of the project, which lies before it.
        fallback: Whether to go on with the local store alone when the other cannot be reached.

    Raises:
        UsageError: It is no such address.
    """
    if address.strip().lower().removesuffix("://").removesuffix(":") in HERE:
        return local
    base = local.root.parent.parent  # the workspace or the project, in which .pipeproof/objects lies
    return RemoteObjects(local, Bucket(read_address(address.strip(), base)), fallback=fallback)
