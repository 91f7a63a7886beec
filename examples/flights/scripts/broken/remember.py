"""Keeps the mean of every day in a file beside the data."""

import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    scored = pd.read_csv(input_paths["scored"])
    mean = scored["late_probability"].mean() if len(scored) else 0.0
    with open("data/history.csv", "a") as history:
        history.write(f"{mean}\n")
    pd.DataFrame({"mean_probability": [mean]}).to_csv(output_paths["remembered"], index=False)
