import importlib.util
import sys
from pathlib import Path

import pytest

from pipeproof.report import test_document as documents
from pipeproof.report.document import run_document
from pipeproof.running.summary import summarise


def _beside(name):
    """Load a module of this folder that is no test of its own."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look their annotations up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def flights():
    """The module with the examples."""
    return _beside("flights_example")


@pytest.fixture(scope="session")
def read():
    """What turns a page into what a browser would find in it."""
    return _beside("page_reader").read


@pytest.fixture(scope="session")
def run():
    """The document of a run that failed."""
    return run_document(summarise(_beside("page_reader").RUN))


@pytest.fixture(params=["failing", "passing", "run"])
def document(request):
    """Each document that there is a page of."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def failing(flights):
    return documents.test_document(*flights.example(broken=True), flights.log_of)


@pytest.fixture(scope="session")
def passing(flights):
    return documents.test_document(*flights.example(broken=False), flights.log_of)
