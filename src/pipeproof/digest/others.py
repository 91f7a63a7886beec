"""Which names of Python and of packages of others leave nothing behind when they are called or derived from."""

from __future__ import annotations

import sys

from pipeproof.digest.syntax import words

_BUILTINS = words(
    "abs all any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate filter float format"
    " frozenset getattr hasattr hash hex id int isinstance issubclass iter len list map max memoryview min object"
    " oct ord pow property range repr reversed round set slice sorted staticmethod classmethod str sum super tuple"
    " type zip Exception BaseException ValueError TypeError KeyError RuntimeError ImportError"
)
_QUIET_STANDARD = words(
    "abc array ast base64 binascii bisect calendar collections contextlib contextvars copy csv dataclasses datetime"
    " decimal difflib enum fnmatch fractions functools glob hashlib heapq hmac html inspect io ipaddress itertools"
    " json keyword math numbers operator pathlib platform posixpath pprint re secrets shlex statistics string struct"
    " sysconfig textwrap threading time types typing unicodedata urllib uuid weakref zlib zoneinfo"
)
"""Modules of Python whose functions leave nothing behind that others would see."""
_QUIET_NAMES = words(
    "logging.getLogger logging.Formatter os.getenv os.environ.get os.cpu_count os.getcwd os.listdir random.Random"
    " numpy.array numpy.arange numpy.linspace numpy.zeros numpy.ones numpy.eye numpy.full numpy.float32"
    " numpy.float64 numpy.int64 numpy.dtype numpy.sqrt numpy.log numpy.exp numpy.random.default_rng"
    " pandas.to_datetime pandas.date_range polars.col polars.lit polars.when argparse.ArgumentParser"
    " numba.njit numba.jit numba.vectorize pytest.fixture"
)
_QUIET_PREFIXES = ("os.path.", "pipeproof.", "typing_extensions.", "attr.", "attrs.")
_QUIET_FAMILIES = words(
    "pydantic sklearn torch numpy pandas polars pyarrow xgboost lightgbm attr attrs typing_extensions"
)
"""Packages whose classes may be derived from and made without an effect on others."""

PURE_METHODS = words(
    "as_posix astype capitalize casefold copy count decode difference encode endswith exists expanduser find format"
    " format_map fromisoformat fromkeys get getChild index intersection is_dir is_file isdigit items join joinpath"
    " keys lower lstrip match most_common partition read_bytes read_text removeprefix removesuffix"
    " replace resolve rpartition rsplit rstrip search split splitlines startswith strftime strip sub"
    " symmetric_difference timestamp title tolist total_seconds translate union upper values with_name with_suffix"
    " zfill absolute date today now utcnow isoformat"
)
"""Methods of Python's own values, of paths and patterns, that only answer."""


def is_quiet_abroad(name: str) -> bool:
    """Tell it of a dotted name of a package of others or of Python."""
    top, _, _ = name.partition(".")
    last = name.rpartition(".")[2]
    if name in _QUIET_NAMES or top in _QUIET_STANDARD or name.startswith(_QUIET_PREFIXES):
        return True
    return top in _QUIET_FAMILIES and last[:1].isupper()


def is_quiet_builtin(name: str) -> bool:
    """Tell it of a built-in name."""
    return name in _BUILTINS or name.endswith(("Error", "Exception", "Warning"))


def is_base_abroad(name: str) -> bool:
    """Tell whether a class of a package of others, or of Python, may be derived from."""
    top, _, _ = name.partition(".")
    return top in sys.stdlib_module_names or top in _QUIET_FAMILIES
