"""What goes between a step's code and the store, as plain data: values, tables, files and folders.

Standard library only until a table comes along; it runs in the child.
"""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeproof.errors import ContractError, Finding
from pipeproof.model.artifact import LARGEST_VALUE


def open_as(item: Mapping[str, Any], wanted: Any = None) -> Any:
    """Return a dataset as the code wants it: a Polars frame, a value or a path unless it asks for something else.

    Args:
        item: ``{"value": ...}``, ``{"json": ...}``, the path of a large value, ``{"path": ...}`` of a file or folder, or ``{"table": ...}``, the path of a
            Parquet file.
        wanted: A class of frames (``pl.LazyFrame``, ``pd.DataFrame``, ``pa.Table``, ``Path``) or its name.
    """
    if "value" in item:
        return item["value"]
    if "json" in item:
        return json.loads(Path(item["json"]).read_bytes())
    if "path" in item:
        return Path(item["path"])
    name = _name_of(wanted)
    if name.endswith("Path"):
        return Path(item["table"])
    import polars as pl

    if name.endswith("LazyFrame"):
        return pl.scan_parquet(item["table"], glob=False)
    frame = pl.read_parquet(item["table"], glob=False)
    if name in {"pandas.DataFrame", "pd.DataFrame"}:
        return frame.to_pandas()
    if name in {"pyarrow.Table", "pa.Table"}:
        return frame.to_arrow()
    return frame


def _name_of(wanted: Any) -> str:
    if wanted is None or wanted is inspect.Parameter.empty:
        return ""
    if isinstance(wanted, str):
        return wanted
    module = getattr(wanted, "__module__", "").partition(".")[0]
    return f"{module}.{getattr(wanted, '__name__', '')}"


def is_table(value: Any) -> bool:
    """Say whether a value is a table: a frame of Polars or pandas, or anything that offers Arrow."""
    return hasattr(value, "__arrow_c_stream__") or type(value).__name__ in {"LazyFrame", "DataFrame"}


def keep(value: Any, name: str, into: str, said: str) -> dict[str, Any]:
    """Return a result as plain data; tables are written, anything that JSON cannot hold is refused.

    Args:
        value: The result.
        name: What it is called; a table's file is named after it.
        into: Folder that tables are written to.
        said: What was done with it, for the message: ``train returned``.

    Raises:
        ContractError: It is no table, no path and no value that JSON can hold.
    """
    if isinstance(value, os.PathLike):
        return {"path": os.fspath(value)}
    if is_table(value):
        return {"table": str(write_table(value, Path(into) / f"{name.replace('/', '~')}.parquet"))}
    try:
        return keep_value(value, f"{into}/{name.replace('/', '~')}.json")
    except (TypeError, ValueError):
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        raise ContractError(
            Finding(
                "PPF208",
                f"{said} {kind} as {name!r}, which cannot be kept",
                step=said.partition(" ")[0],
                fix="use a table, a path, or values that JSON can hold",
            )
        ) from None


def _scalar(value: Any) -> Any:
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", 0) == 0:
        return item()
    raise TypeError


# Taken before any code of the user's runs, which may exchange what the module offers.
_encode = json.JSONEncoder(default=_scalar).encode
_decode = json.JSONDecoder().decode


def as_json(value: Any) -> Any:
    """Return a value as it is after a way through JSON; NumPy scalars become numbers.

    Raises:
        TypeError: JSON has nothing for a part of it.
        ValueError: It holds itself.
    """
    return _decode(_encode(value))


def keep_value(value: Any, path: str) -> dict[str, Any]:
    """Return a value as plain data; a large one is written to a file, as the JSON that its digest is of.

    Raises:
        TypeError: JSON has nothing for a part of it.
        ValueError: It holds itself.
    """
    text = _encode(value)
    plain = _decode(text)
    if len(text) <= LARGEST_VALUE:
        return {"value": plain}
    from pipeproof.digest import canonical

    file = Path(path)  # only here: most values are small, and their way is short
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(canonical(plain))
    return {"json": path}


def write_table(value: Any, path: Path) -> Path:
    """Write a table as Parquet and return the path."""
    import polars as pl

    from pipeproof.formats.tables import write

    frame = value if isinstance(value, pl.DataFrame | pl.LazyFrame) else pl.DataFrame(value)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(frame.lazy(), path, "parquet")
    return path
