"""How long DuckDB may be asked what a contract says in SQL, and in how much memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

MEMORY = "600MB"
"""What DuckDB may hold; the lists that its functions make are beyond its count."""
SECONDS = 60.0
"""How long a query, or a condition over one batch of rows, may take."""

_LAST_SECONDS = 5.0


@contextmanager
def limited(connection: duckdb.DuckDBPyConnection, seconds: float = SECONDS) -> Iterator[None]:
    """Interrupt what a connection does when its time is over.

    Args:
        connection: What is asked inside.
        seconds: How long it may take.

    Raises:
        TimeoutError: It took longer.
    """
    import duckdb

    over = threading.Event()

    def stop() -> None:
        over.set()
        connection.interrupt()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    except duckdb.Error:
        if over.is_set():
            raise TimeoutError(f"it takes longer than {seconds:g} seconds") from None
        raise
    finally:
        timer.cancel()


def rows_within(
    connection: duckdb.DuckDBPyConnection, sql: str, seconds: float = SECONDS
) -> list[tuple[Any, ...]]:
    """Return the first two rows of a query, asked in a thread so that Ctrl-C and SIGTERM end it at once.

    Args:
        connection: The database.
        sql: The query.
        seconds: How long it may take.

    Raises:
        TimeoutError: It took longer.
    """
    rows: list[tuple[Any, ...]] = []
    errors: list[Exception] = []
    done = threading.Event()  # an interrupted join takes the thread for ended

    def ask() -> None:
        try:
            with limited(connection, seconds):
                rows.extend(connection.execute(sql).fetchmany(2))
        except Exception as error:  # noqa: BLE001 raised again by the caller's thread
            errors.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    try:
        while not done.wait(0.1):  # Polars' handler of SIGINT lets a wait without end go on
            pass
    except BaseException:
        connection.interrupt()
        done.wait(_LAST_SECONDS)  # a connection at work cannot be closed
        raise
    if errors:
        raise errors[0]
    return rows
