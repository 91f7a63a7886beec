import importlib.util
import sys
from pathlib import Path

import pytest

from pipeproof.report import test_document as documents

_FILE = Path(__file__).with_name("flights_example.py")


@pytest.fixture(scope="session")
def flights():
    """The module with the examples, which is no test of its own."""
    spec = importlib.util.spec_from_file_location("flights_example", _FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look their annotations up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def failing(flights):
    return documents.test_document(*flights.example(broken=True), flights.log_of)


@pytest.fixture(scope="session")
def passing(flights):
    return documents.test_document(*flights.example(broken=False), flights.log_of)
