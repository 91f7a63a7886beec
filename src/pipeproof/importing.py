"""Whether a user's file is being imported right now: nothing may be run then. Standard library only.

A file that runs its pipeline at its top level would run it again in each worker that imports the
file for one of its functions, and these workers' workers again, without end.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

_local = threading.local()


@contextlib.contextmanager
def importing(what: str) -> Iterator[None]:
    """Mark that this thread imports a user's module or file."""
    before = being_imported()
    _local.what = what
    try:
        yield
    finally:
        _local.what = before


def being_imported() -> str:
    """Return what this thread imports, or '' when it imports nothing of the user's."""
    found: str = getattr(_local, "what", "")
    return found
