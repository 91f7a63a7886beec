"""Who may remove from a bucket: the one project that claimed it, and that alone writes to it from then on."""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from pathlib import Path

from pipeproof.errors import Finding, StoreError
from pipeproof.store.remote.bucket import Bucket

_MARK = "claimed.json"


def claimed_by(bucket: Bucket, scratch: Path) -> str:
    """Return the project that claimed a bucket; empty if none did.

    Raises:
        StoreError: The bucket cannot be reached or refuses.
    """
    if not bucket.get(_MARK, scratch, 0):
        return ""
    try:
        return str(json.loads(scratch.read_bytes())["project"])
    except (ValueError, KeyError, TypeError):
        return "nobody that can be read"


def claim(bucket: Bucket, project: str, scratch: Path) -> None:
    """Let a project be the only one that writes to a bucket.

    Raises:
        StoreError: Another one claimed it, or the bucket cannot be reached or refuses.
    """
    refuse_claimed(bucket, project, scratch)
    scratch.write_text(json.dumps({"project": project}))
    bucket.put(scratch, _MARK)  # does not replace what stands there
    refuse_claimed(bucket, project, scratch)


def refuse_claimed(bucket: Bucket, project: str, scratch: Path) -> None:
    """Make sure that no other project claimed a bucket.

    Raises:
        StoreError: One did, or the bucket cannot be reached or refuses.
    """
    if claimed_by(bucket, scratch) not in {"", project}:
        what = (
            f"another project has {bucket.address} for itself, and may remove from it what it does not need"
        )
        raise StoreError(Finding("PPF557", what, fix="use another prefix in the bucket"))


def project_of(state: Path) -> str:
    """Return the name that the project with this state folder goes by in buckets; it is made at the first time."""
    path = state / "id"
    if not path.exists():
        beside = state / f"id.{uuid.uuid4().hex}"
        beside.write_text(uuid.uuid4().hex)
        with contextlib.suppress(FileExistsError):  # another process was quicker: its name counts
            os.link(beside, path)
        beside.unlink()
    return path.read_text()
