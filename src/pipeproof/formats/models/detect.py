"""What a model file is, told by its first bytes; its name only has to agree."""

from __future__ import annotations

from pathlib import Path

from pipeproof.errors import ModelError
from pipeproof.formats.models.model import unreadable

_COMPRESSED = (
    b"\x1f\x8b",
    b"\x78\x01",
    b"\x78\x5e",
    b"\x78\x9c",
    b"\x78\xda",
    b"\xfd7zXZ",
    b"BZh",
    b"\x04\x22\x4d\x18",
)
PICKLE_NAMES = (".pkl", ".pickle", ".joblib", ".sav", ".gz", ".z", ".xz", ".bz2", ".lzma", ".lz4")
NAMES = (".json", ".ubj", ".txt", ".lgb", ".model", ".skops", *PICKLE_NAMES)
"""Endings that model files usually have, to find the one in a folder."""


def form_of(path: Path, name: str) -> str:
    """Return ``xgboost``, ``lightgbm``, ``skops`` or ``pickle``.

    Args:
        path: The file.
        name: Its name as the user knows it; content in the object store has none of its own.

    Raises:
        ModelError: The content is none of these, or it is a pickle under another name: reading a
            pickle runs code, so it has to be what the user pointed at.
    """
    with path.open("rb") as file:
        head = file.read(64)
    if not head:
        raise unreadable(name, "the file is empty")
    if head.lstrip()[:1] == b"{":
        return "xgboost"
    if head.startswith((b"tree\n", b"tree\r\n")):
        return "lightgbm"
    if head.startswith(b"PK\x03\x04"):
        return "skops"
    if head.startswith((b"\x80", *_COMPRESSED)):
        _refuse_hidden_pickle(name)
        return "pickle"
    raise unreadable(
        name,
        "its content is of no known kind",
        "known: XGBoost (json, ubj, pkl), LightGBM (txt, pkl), scikit-learn (joblib, pkl, skops)",
    )


def _refuse_hidden_pickle(name: str) -> None:
    suffix = Path(name).suffix.lower()
    if suffix not in PICKLE_NAMES:
        called = f"it ends in {suffix}" if suffix else "its name has no ending"
        raise unreadable(
            name,
            f"it holds a pickle although {called}, and reading a pickle runs code",
            "name it .pkl or .joblib if you trust it (`path: model.pkl` for the output of a script)",
        )


def only_model(folder: Path, name: str) -> Path:
    """Return the one model file of a folder.

    Raises:
        ModelError: There is none, or several.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    likely = [path for path in files if path.suffix.lower() in NAMES]
    found = likely if len(files) > 1 else files
    if len(found) == 1:
        return found[0]
    shown = ", ".join(str(path.relative_to(folder)) for path in (found or files)[:8]) or "nothing"
    raise _not_one(name, shown, several=bool(found))


def _not_one(name: str, shown: str, *, several: bool) -> ModelError:
    why = "the folder holds several files that may be the model" if several else "the folder holds no model"
    return unreadable(name, f"{why} ({shown})", "keep one model file in it, or name the file")
