"""A manifest as YAML that people read and that `reading` takes back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from pipeproof.data.folders.manifest import Manifest

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_WIDEST = 1_000_000  # the facts of a file stand on one line, so that a difference is one line of a diff


def manifest_text(manifest: Manifest, beside: Path) -> str:
    """Return a manifest as YAML.

    Args:
        manifest: What a folder holds.
        beside: The folder in which the text will stand; it names the other one relative to it.
    """
    folder = Path(os.path.relpath(manifest.folder.resolve(), beside.resolve())).as_posix()
    told = manifest.to_dict(folder)
    # Without a style of their own, mappings that hold no others stand on one line.
    text: str = yaml.dump(
        told, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=_WIDEST, allow_unicode=True
    )
    return text
