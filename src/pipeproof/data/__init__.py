"""What can be done with tables and contracts, as functions on paths, Polars, pandas, Arrow and DuckDB.

    import pipeproof.data as ppd

    contract = ppd.infer("orders.parquet")
    ppd.check("new.csv", contract).raise_for_findings()

Each function is imported when it is first used.
"""

from __future__ import annotations

from typing import Any

_HOMES: dict[str, str] = {
    "Vault": "pipeproof.data.privacy.vault",
    "check": "pipeproof.data.checking.check",
    "diff": "pipeproof.data.diffing",
    "infer": "pipeproof.data.inferring",
    "infer_all": "pipeproof.data.inferring",
    "import_contract": "pipeproof.data.translating",
    "export_contract": "pipeproof.data.translating",
    "read_contract": "pipeproof.data.contract_files",
    "read_contracts": "pipeproof.data.contract_files",
    "profile": "pipeproof.data.quality.reading",
    "merge_profiles": "pipeproof.data.quality.reading",
    "read_profile": "pipeproof.data.profiling.profile",
    "scan_privacy": "pipeproof.data.privacy.detecting",
    "compare": "pipeproof.data.comparing.compare",
    "drift": "pipeproof.data.comparing.compare",
    "anonymise": "pipeproof.data.privacy.replacing",
    "shrink": "pipeproof.data.shrinking",
    "generate": "pipeproof.data.synth.generating",
    "discover": "pipeproof.data.folders.discovering",
    "validate": "pipeproof.data.folders.validating",
    "read_manifest": "pipeproof.data.folders.reading",
    "convert": "pipeproof.data.folders.converting",
}
"""Public name → the module that has it."""

__all__ = sorted(_HOMES)  # noqa: PLE0605 the names are those of the table above


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'pipeproof.data' has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(_HOMES)
