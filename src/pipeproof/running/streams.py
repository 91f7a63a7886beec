"""The standard streams of a process. Standard library only."""

from __future__ import annotations

import os


def keep_standard_descriptors() -> None:
    """Open what is closed of the descriptors 0 to 2.

    Otherwise the next file that is opened, a pipe of ours or the ledger, stands where the code that
    is started expects its output.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest one that is free
