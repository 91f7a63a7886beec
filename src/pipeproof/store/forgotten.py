"""What stands in the place of kept data from which a person was removed.

An object is named by its content, so one without these rows is another object. The old one is gone; a
tombstone under its name says when, how many rows, and what is left. Runs keep naming the old one: what
they computed was computed with these rows. It counts as not there, so that nothing is reused from it.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeproof.formats.replacing import replacing

FOLDER = "forgotten"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What became of an object.

    Attributes:
        digest: Name of the object that is gone.
        rows: How many rows were about the person; None where the whole object was removed.
        left: Digest of the table without these rows, empty where nothing is left.
        at: When, in seconds since 1970.
        proof: Name of the document that lists all that was removed with it.
    """

    digest: str
    rows: int | None
    left: str
    at: float
    proof: str = ""

    @property
    def says(self) -> str:
        """What happened, for people."""
        what = (
            "removed" if self.rows is None else f"{self.rows:,} row{'' if self.rows == 1 else 's'} forgotten"
        )
        return f"{what} on {time.strftime('%Y-%m-%d', time.localtime(self.at))}"


def bury(state: Path, tombstone: Tombstone) -> None:
    """Write a tombstone; it is there whole or not at all."""
    folder = state / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    with replacing(folder / f"{tombstone.digest}.json", 0o600) as file:
        file.write_text(json.dumps(asdict(tombstone)), "utf-8")


def tombstone_of(state: Path, digest: str) -> Tombstone | None:
    """Return what became of an object, following what was removed from it later; None if nothing did."""
    path = state / FOLDER / f"{digest}.json"
    try:
        found = Tombstone(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    later = tombstone_of(state, found.left) if found.left and found.left != digest else None
    if later is None:
        return found
    rows = None if found.rows is None or later.rows is None else found.rows + later.rows
    return Tombstone(digest, rows, later.left, later.at, later.proof)
