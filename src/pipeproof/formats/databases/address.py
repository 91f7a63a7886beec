"""Where a database is: ``sqlite:///shop.db``, ``duckdb:////data/shop.duckdb``."""

from __future__ import annotations

import re
from pathlib import Path

from pipeproof.errors import ContractError, Finding, first_line, suggest

SCHEMES = ("sqlite", "duckdb")
_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z0-9+]+):(?P<slashes>/*)(?P<rest>.*)", re.DOTALL)


def is_address(given: object) -> bool:
    """Whether something is meant as the address of a database, right or wrong: it begins with its kind."""
    return isinstance(given, str) and any(given.lower().startswith(f"{scheme}:") for scheme in SCHEMES)


def database_file(address: str, root: Path, what: str) -> tuple[str, Path]:
    """Return the kind and the file of a database.

    Raises:
        ContractError: The address is wrong, or there is no such file.
    """
    scheme, place = split_address(address, what)
    path = root / place
    if not path.is_file():
        fix = "check `database`: three slashes for a path in the project, four for one from the root of the disk"
        shown = path.relative_to(root) if path.is_relative_to(root) else path
        raise ContractError(Finding("PPF143", f"{what}: there is no database {shown}", fix=fix))
    return scheme, path


def split_address(address: str, what: str) -> tuple[str, Path]:
    """Return the kind and the file of ``sqlite:///shop.db`` or ``duckdb:////data/shop.duckdb``.

    As in SQLAlchemy, a path behind three slashes is relative (here: to the project), one behind
    four is absolute.

    Raises:
        ContractError: Another kind of database, or another number of slashes.
    """
    match = _ADDRESS.fullmatch(address)
    scheme = match["scheme"].lower() if match else address
    if match is None or scheme not in SCHEMES:
        text = f"{what}: {scheme!r} is no database that can be read"
        raise ContractError(Finding("PPF105", text, fix=suggest(scheme, SCHEMES)))
    slashes = len(match["slashes"])
    if slashes not in {3, 4} or not match["rest"]:
        name = match["rest"] or "data.db"
        fix = f"write {scheme}:///{name} for a path in the project, {scheme}:////{name} for an absolute one"
        raise ContractError(Finding("PPF105", f"{what}: {address} is no address of a database file", fix=fix))
    return scheme, Path("/" * (slashes - 3) + match["rest"])


def refuse_unknown(table: str, names: list[str], what: str) -> None:
    """Make sure that a database has a table.

    Raises:
        ContractError: It has not; says what was probably meant.
    """
    if table not in names:
        fix = suggest(table, names) or "the database is empty"
        raise ContractError(Finding("PPF143", f"{what}: the database has no table {table!r}", fix=fix))


def unreadable(path: Path, what: str, error: Exception) -> ContractError:
    """Return the error for a database that is damaged, or none at all."""
    text = f"{what}: the database {path.name} cannot be read: {first_line(error)}"
    return ContractError(Finding("PPF208", text, fix="check that it is a whole database of that kind"))
