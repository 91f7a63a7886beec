"""Runs the pipeline in two processes, which are replaced when one of them dies."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pipeproof as pp


def processes():
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


if __name__ == "__main__":
    print(pp.run("prices.yaml", executor=processes))
