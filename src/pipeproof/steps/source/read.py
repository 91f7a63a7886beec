"""Reading a table of a database into Parquet; files are read where they are taken in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeproof.formats.databases import copy_table
from pipeproof.formats.databases.address import database_file
from pipeproof.running.context import StepContext


def read(args: Mapping[str, Any], context: StepContext) -> None:
    """Copy a table of a database into a Parquet file; nothing to do for a file.

    Raises:
        ContractError: The database is of an unknown kind, not there or damaged, or has no such table.
    """
    if not args["database"]:
        return
    what = f"source {args['name']!r}"
    scheme, path = database_file(args["database"], Path(args["root"]), what)
    into = Path(args["into"])
    into.parent.mkdir(parents=True, exist_ok=True)
    copy_table(scheme, path, args["table"], into, what, context.on_stop)
