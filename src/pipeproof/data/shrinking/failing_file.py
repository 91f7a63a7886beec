"""Shrinking the table in a file on which a command fails."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pipeproof.data.privacy.masking import private_columns
from pipeproof.data.privacy.replacing import anonymise
from pipeproof.data.shrinking import Examine, Shrunk, shrink_by
from pipeproof.data.shrinking.command import Command
from pipeproof.errors import ContractError, Finding, UsageError
from pipeproof.formats import tables


def shrink_file(
    path: Path, command: Command, *, most: int, seconds: float | None, show_private: bool
) -> tuple[Shrunk, str]:
    """Return the smallest table on which a command fails as it does on a file, and its format.

    The cells of text formats stay as they are written: a code such as 007 is no number here.

    Args:
        path: The file.
        command: The command; its format is that of the file.
        most: How many tables are tried at most.
        seconds: After which time it ends with what it has.
        show_private: Whether personal data may stay.

    Raises:
        UsageError: The command does not fail on the file, fails in another way on the same table written
            anew, or fails only with personal data.
        ContractError: It is no table.
    """
    kind = tables.format_in(path) if path.exists() else None
    if kind is None:
        what = f"{path} is in no format that holds a table" if path.exists() else f"there is no file {path}"
        raise ContractError(Finding("PPF391" if not path.exists() else "PPF392", what, fix="name a table"))
    command = replace(command, kind=kind)
    as_it_is = command.run_on(path.resolve())
    table = tables.scan(path, kind).collect()
    anew = command.run(table)
    if as_it_is is not None and not as_it_is.is_like(anew):
        what = f"the command fails on {path}, but not in the same way on the same table written anew"
        fix = "what is wrong lies in how the file is written, not in its values: look at quotes, endings, encoding"
        raise UsageError(Finding("PPF365", what, evidence=str(as_it_is), fix=fix))
    found = shrink_by(table, command.examine, most=most, seconds=seconds, width=command.jobs)
    return (found if show_private else without_persons(found, command.examine)), kind


def without_persons(found: Shrunk, examine: Examine | None = None) -> Shrunk:
    """Return what was found with made values in the place of personal data.

    Args:
        found: What was found.
        examine: Says how tables fail; without it the made values are not tried.

    Raises:
        UsageError: With made values it does not fail in this way.
    """
    import polars as pl

    private: Mapping[str, str] = private_columns(None, found.table.columns, found.table)
    text = [name for name in private if found.table[name].dtype == pl.String and found.table[name].count()]
    if not text:
        return found
    methods = dict.fromkeys(text, "fake")
    (made,) = anonymise(found.table, key=secrets.token_bytes(32), columns=methods)
    table = made.frame.collect()
    if examine is not None and not found.signature.is_like(examine([table])[0]):
        what = (
            f"the failure needs the personal data in {', '.join(text)}: with made values it does not happen"
        )
        raise UsageError(Finding("PPF367", what, fix="write them nevertheless with --show-private"))
    return replace(found, table=table)
