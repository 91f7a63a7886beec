"""Running a plan: the pure machine, the one loop, and the launch of a task's code."""
