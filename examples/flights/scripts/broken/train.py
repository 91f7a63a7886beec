"""Trains an XGBoost model and says where it is to be registered."""

import os

import pandas as pd
import xgboost as xgb
from sklearn.metrics import roc_auc_score

NOT_FEATURES = ["date", "flight", "tailnum", "carrier", "origin", "dest", "late"]


def main(input_paths, output_paths, environ_vars, job_args):
    table = pd.read_csv(input_paths["features"], parse_dates=["date"])
    print(f"registering in {os.environ['MODEL_REGISTRY']}")
    day = pd.Timestamp(job_args.partition_date)
    past = table[(table["date"] < day) & table["late"].notna()]
    split = day - pd.Timedelta(days=int(job_args.validation_days))
    features = [column for column in table.columns if column not in NOT_FEATURES]

    train, valid = past[past["date"] < split], past[past["date"] >= split]
    print(f"{len(train):,} flights to learn from, {len(valid):,} to validate, {len(features)} features")
    booster = xgb.train(
        {
            "objective": "binary:logistic",
            "eval_metric": "logloss",
            "eta": 0.05,
            "max_depth": 6,
            "subsample": 0.8,
            "colsample_bytree": 0.8,
            "min_child_weight": 20,
            "seed": 7,
        },
        matrix(train, features),
        num_boost_round=int(environ_vars.get("XGBOOST_ROUNDS", 400)),
        evals=[(matrix(valid, features), "validation")],
        early_stopping_rounds=30,
        verbose_eval=50,
    )
    booster = booster[: booster.best_iteration + 1]
    booster.save_model(output_paths["model"])
    predicted = booster.predict(matrix(valid, features))
    return {
        "auc": roc_auc_score(valid["late"], predicted),
        "rounds": booster.num_boosted_rounds(),
        "flights": len(train),
    }


def matrix(table, features):
    return xgb.DMatrix(
        table[features].astype("float32"), label=table["late"].astype("float32"), feature_names=features
    )
