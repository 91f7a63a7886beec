"""Robust z-scores of vibration within each model (Iglewicz and Hoaglin, 1993)."""

import pandas as pd


def main(input_paths, output_paths, environ_vars, job_args):  # noqa: ARG001 the form of SageMaker scripts
    table = pd.read_parquet(input_paths["hourly"])
    vibration = table["max_vibration"].astype(float)
    median = vibration.groupby(table["model"]).transform("median")
    spread = (vibration - median).abs().groupby(table["model"]).transform("median")
    score = (0.6745 * (vibration - median) / spread.where(spread > 0)).abs().fillna(0.0)
    out = table[["device", "hour"]].copy()
    out["score"] = score
    out["is_anomaly"] = (score > float(job_args.threshold)) | (table["offline_share"] > 0.5)
    out.to_parquet(output_paths["scored"], index=False)
    return {"anomalies": int(out["is_anomaly"].sum())}
