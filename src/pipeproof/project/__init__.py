"""The composition root: folders and settings to stores, pools and runs; the only room that names adapters."""

from pipeproof.project.examine import Examined, Target, examine, load
from pipeproof.project.execute import plan, run
from pipeproof.project.place import Project
from pipeproof.project.results import Dataset, Run, StepResult

__all__ = ["Dataset", "Examined", "Project", "Run", "StepResult", "Target", "examine", "load", "plan", "run"]
