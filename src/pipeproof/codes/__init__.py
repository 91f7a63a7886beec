"""Every finding code: what it means, an example that gives it, and what to do.

The first digit tells the area, and each area is a file beside this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pipeproof.codes.checking import CHECKING
from pipeproof.codes.code import Code
from pipeproof.codes.comparing import COMPARING
from pipeproof.codes.contracts import CONTRACTS
from pipeproof.codes.data import DATA
from pipeproof.codes.deciding import DECIDING
from pipeproof.codes.executors import EXECUTORS
from pipeproof.codes.folders import FOLDERS
from pipeproof.codes.inferring import INFERRING
from pipeproof.codes.isolating import ISOLATING
from pipeproof.codes.making import MAKING
from pipeproof.codes.models import MODELS
from pipeproof.codes.privacy import PRIVACY
from pipeproof.codes.profiling import PROFILING
from pipeproof.codes.reproducing import REPRODUCING
from pipeproof.codes.running import RUNNING
from pipeproof.codes.settings import SETTINGS
from pipeproof.codes.sharing import SHARING
from pipeproof.codes.standards import STANDARDS
from pipeproof.codes.state import STATE
from pipeproof.codes.storing import STORING
from pipeproof.codes.tables import TABLES
from pipeproof.codes.testing import TESTING

AREAS: Mapping[str, str] = MappingProxyType(
    {
        "1": "Loading and checking: nothing was run",
        "2": "Running: a step failed",
        "3": "Data: a contract does not hold",
        "4": "Models",
        "5": "Runs that are kept, and the command line",
        "6": "Tests: what trials on made data showed",
    }
)
CODES: Mapping[str, Code] = MappingProxyType(
    {
        code.code: code
        for code in sorted(
            (
                *CHECKING,
                *SETTINGS,
                *RUNNING,
                *DATA,
                *DECIDING,
                *EXECUTORS,
                *FOLDERS,
                *INFERRING,
                *ISOLATING,
                *TABLES,
                *PROFILING,
                *COMPARING,
                *CONTRACTS,
                *MAKING,
                *MODELS,
                *PRIVACY,
                *REPRODUCING,
                *SHARING,
                *STANDARDS,
                *STATE,
                *STORING,
                *TESTING,
            ),
            key=lambda code: code.code,
        )
    }
)

__all__ = ["AREAS", "CODES", "Code"]
