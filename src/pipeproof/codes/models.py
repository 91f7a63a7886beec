"""Codes of models, PPF4xx: a model cannot be read, or does not fit the data it is given."""

from __future__ import annotations

from pipeproof.codes.code import Code

MODELS = (
    Code(
        "PPF401",
        "the features do not fit the model",
        "The table lacks a feature that the model was trained with, a feature is no number, or "
        "`feature_columns` and the model disagree about names, number or order.",
        "Give the model the columns that it was trained with; the message names the ones that are wrong.",
        example="feature_columns: [distance]     # for a model that was trained with distance and hour",
    ),
    Code(
        "PPF402",
        "the file is not the model that it should be",
        "The file cannot be read as a model: broken, of another library than `model_type` says, of a newer "
        "version, or no file at all.",
        "Save the model again with the library's own function, or correct `model_type` and the path.",
        example="model_type: lightgbm     # for a file that XGBoost wrote",
    ),
    Code(
        "PPF403",
        "the model holds types that are not trusted",
        "Reading a model can run code. skops reads only types that it knows; this file holds others.",
        "Look at the types shown, and list those that you trust under `trusted:`.",
        example="a pipeline with a transformer class of your own, saved with skops",
    ),
    Code(
        "PPF404",
        "the model's library is not installed",
        "The model needs a library that is not installed here.",
        "Install the extra that the message names.",
        example="pip uninstall xgboost && pipeproof run flights",
    ),
    Code(
        "PPF405",
        "the model does not give that output",
        "`output:` asks for labels, probabilities or raw values, and the model does not offer them.",
        "Ask for one of those that the message lists, or leave `output` out.",
        example="output: probability     # for a regressor",
    ),
    Code(
        "PPF406",
        "the model refuses the rows",
        "The library raised an error for these rows; often the model takes no missing values.",
        "Fill missing values before (transform: fill_nulls), or compare the rows with those of the training.",
        example="a linear model, and a table with missing values",
    ),
    Code(
        "PPF407",
        "the prediction would take the place of a column",
        "The table has a column of the name that the prediction should get.",
        "Set `prediction_column`, or leave that column out of `keep_columns`.",
        example="a table that has a column `prediction` already",
    ),
)
