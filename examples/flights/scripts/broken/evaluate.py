"""Compares the day's predictions with what happened, by carrier."""

import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):
    scored = pd.read_csv(input_paths["scored"])
    scored["late"] = scored["late"].astype(int)
    by_carrier = (
        scored.groupby("carrier")
        .agg(
            flights=("late", "size"),
            late_share=("late", "mean"),
            mean_probability=("late_probability", "mean"),
        )
        .reset_index()
    )
    by_carrier.to_csv(output_paths["by_carrier"], index=False)
    return {"late_share": float(scored["late"].mean())}
