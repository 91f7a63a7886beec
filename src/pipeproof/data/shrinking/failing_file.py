"""Shrinking the table in a file on which a command fails."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.contracts.personal import NONE
from pipeproof.contracts.personal_texts import mask_text
from pipeproof.data.inputs import open_table, reading, settle
from pipeproof.data.privacy.masking import private_columns
from pipeproof.data.privacy.replacing import anonymise
from pipeproof.data.shrinking import Examine, Shrunk, shrink_by
from pipeproof.data.shrinking.command import Command
from pipeproof.data.shrinking.signature import Signature, pattern_of
from pipeproof.errors import Finding, UsageError
from pipeproof.model.contract import Column, TableSchema

if TYPE_CHECKING:
    import polars as pl


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
    opened, _ = settle(open_table(path))
    kind = opened.kind
    with reading(opened):
        table = (opened.typed.raw if opened.typed else opened.frame).collect()
    command = replace(command, kind=kind)
    as_it_is = command.run_on(path.resolve())
    anew = command.run(table)
    if as_it_is is not None and not as_it_is.is_like(anew):
        what = f"the command fails on {path}, but not in the same way on the same table written anew"
        fix = "what is wrong lies in how the file is written, not in its values: look at quotes, endings, encoding"
        raise UsageError(Finding("PPF365", what, evidence=str(as_it_is), fix=fix))
    found = shrink_by(table, command.examine, most=most, seconds=seconds, width=command.jobs)
    if show_private:
        return found, kind
    private = private_columns(None, table.columns, table)
    real = {name: what for name, what in private.items() if _has_values_of(found.table, table, name)}
    return without_persons(found, real, command.examine), kind


def _has_values_of(small: pl.DataFrame, whole: pl.DataFrame, name: str) -> bool:
    """Say whether a column still has values of the whole table: what was made simple is nobody's."""
    return name in small.columns and bool(small[name].drop_nulls().is_in(whole[name].implode()).any())


def without_persons(found: Shrunk, private: Mapping[str, str], examine: Examine | None = None) -> Shrunk:
    """Return what was found with made values in the place of personal data, and a message without real ones.

    Args:
        found: What was found.
        private: Column → kind of personal data, of the whole table: a few rows tell little.
        examine: Says how tables fail; without it the made values are not tried.

    Raises:
        UsageError: With made values it does not fail in this way.
    """
    kinds = {name: kind for name, kind in private.items() if kind != NONE and name in found.table.columns}
    told = _without_values(found.signature, found.table, kinds)
    if not kinds:
        return replace(found, signature=told)
    schema = TableSchema(tuple(Column(name, privacy=kind) for name, kind in kinds.items()))
    kept = {name: "keep" for name in found.table.columns if name not in kinds}
    key = secrets.token_bytes(32)
    (made,) = anonymise(found.table, key=key, columns=kept, contracts=[schema])
    table = made.frame.collect()
    again = None if examine is None else examine([table])[0]
    if examine is not None and (again is None or not told.is_like(_without_values(again, table, kinds))):
        what = (
            f"the failure needs the personal data in {', '.join(kinds)}: with made values it does not happen"
        )
        raise UsageError(Finding("PPF367", what, fix="write them nevertheless with --show-private"))
    return replace(found, table=table, signature=told)


def _without_values(signature: Signature, table: pl.DataFrame, private: Iterable[str]) -> Signature:
    """Return how a table fails, without the personal values of it that the message repeats."""
    message = signature.message
    for name in private:
        values = table[name].drop_nulls().unique().to_list() if name in table.columns else ()
        for value in sorted(map(str, values), key=len, reverse=True):
            message = message.replace(value, "…") if len(value) > 1 else message
    message = mask_text(message)
    return replace(signature, message=message, says=pattern_of(message))
