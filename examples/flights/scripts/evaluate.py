"""Compares the day's predictions with what happened: AUC, calibration, by carrier."""

import numpy as np
import pandas as pd
from sklearn.metrics import brier_score_loss, roc_auc_score


def main(input_paths, output_paths, environ_vars, job_args):
    scored = pd.read_csv(input_paths["scored"], keep_default_na=False, na_values=[""])
    landed = scored[scored["late"].notna()]
    truth, probability = landed["late"].astype(int), landed["late_probability"]

    by_carrier = (
        landed.groupby("carrier")
        .agg(
            flights=("late", "size"),
            late_share=("late", "mean"),
            mean_probability=("late_probability", "mean"),
        )
        .reset_index()
    )
    by_carrier.to_csv(output_paths["by_carrier"], index=False)
    print(by_carrier.to_string(index=False))

    if landed.empty:  # a day whose flights are all still to come
        return {"landed": 0}
    metrics = {
        "brier": brier_score_loss(truth, probability),
        "calibration_error": calibration_error(truth, probability),
        "late_share": float(truth.mean()),
        "landed": len(landed),
    }
    if truth.nunique() == 2:  # a day without a late flight has no AUC
        metrics["auc"] = roc_auc_score(truth, probability)
    return dict(sorted(metrics.items()))


def calibration_error(truth, probability, bins=10):
    """Mean distance between predicted and observed share over equally filled bins."""
    order = np.argsort(probability.to_numpy())
    parts = np.array_split(order, bins)
    gaps = [
        abs(truth.iloc[part].mean() - probability.iloc[part].mean()) * len(part)
        for part in parts
        if len(part)
    ]
    return float(sum(gaps) / len(order))
