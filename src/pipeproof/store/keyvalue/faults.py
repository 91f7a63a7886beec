"""What can go wrong with a store of state, in the one voice of all findings."""

from __future__ import annotations

from pipeproof.errors import Finding, StoreError


def unreachable(address: str, why: str) -> StoreError:
    """Return the error for a store that does not answer."""
    what = f"the store {address} cannot be reached: {why}"
    fix = "see that it runs and that the address is right; `pipeproof store check` tries it"
    return StoreError(Finding("PPF540", what, fix=fix))


def no_access(address: str, why: str) -> StoreError:
    """Return the error for a store that lets us in not at all, or not to do this."""
    what = f"the store {address} gives no access: {why}"
    fix = "check the password or the credentials, and what they permit"
    return StoreError(Finding("PPF545", what, fix=fix))


def unusable(address: str, why: str, fix: str = "see `pipeproof help PPF546`") -> StoreError:
    """Return the error for a store that is there and cannot do what it is for."""
    return StoreError(Finding("PPF546", f"the store {address} cannot be used: {why}", fix=fix))
