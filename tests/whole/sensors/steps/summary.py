import pandas as pd


def summary(scored: pd.DataFrame) -> dict:
    worst = scored.sort_values("score", ascending=False).head(5)
    return {
        "devices": int(scored["device"].nunique()),
        "anomalies": int(scored["is_anomaly"].sum()),
        "worst": worst["device"].tolist(),
    }
