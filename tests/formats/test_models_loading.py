"""Model files of every library: what a `Model` predicts is what the library says itself."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading

import joblib
import lightgbm
import numpy as np
import polars as pl
import pytest
import skops.io
import xgboost
from sklearn.cluster import KMeans
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from pipeproof.errors import ModelError
from pipeproof.formats.models import ModelCache, load_model

NAMES = [f"f{number}" for number in range(5)]
QUIET = {"verbose": -1, "num_threads": 1}


@pytest.fixture(scope="module")
def data():
    return make_classification(300, 5, n_informative=4, n_redundant=0, n_classes=3, random_state=7)


def frame(rows):
    return pl.DataFrame(dict(zip(NAMES, rows.T, strict=True)))


def booster(rows, labels, objective, **settings):
    settings = {"objective": objective, "nthread": 1, "max_depth": 3, **settings}
    return xgboost.train(settings, xgboost.DMatrix(rows, label=labels), 6)


@pytest.mark.parametrize("ending", ["json", "ubj", "pkl"])
def test_an_xgboost_booster_predicts_the_same_from_every_format(ending, data, tmp_path):
    rows, labels = data
    made = booster(rows, labels > 0, "binary:logistic", base_score=0.3)
    path = tmp_path / f"model.{ending}"
    path.write_bytes(pickle.dumps(made)) if ending == "pkl" else made.save_model(path)
    model = load_model(path, path.name)
    wanted = made.predict(xgboost.DMatrix(rows))
    np.testing.assert_array_equal(model.predict(frame(rows), "probability"), wanted)
    np.testing.assert_array_equal(model.predict(frame(rows), "label"), (wanted > 0.5).astype(int))
    margin = made.predict(xgboost.DMatrix(rows), output_margin=True)
    np.testing.assert_array_equal(model.predict(frame(rows), "raw"), margin)


@pytest.mark.parametrize("objective", ["multi:softprob", "multi:softmax"])
def test_an_xgboost_model_of_many_classes_gives_a_probability_for_each(objective, data, tmp_path):
    rows, labels = data
    path = tmp_path / "model.json"
    booster(rows, labels, objective, num_class=3).save_model(path)
    model = load_model(path, path.name)
    theirs = xgboost.XGBClassifier()
    theirs.load_model(path)
    np.testing.assert_allclose(
        model.predict(frame(rows), "probability"), theirs.predict_proba(rows), rtol=1e-6
    )
    np.testing.assert_array_equal(model.predict(frame(rows), "label"), theirs.predict(rows))
    assert model.classes == (0, 1, 2)


def test_an_xgboost_regression_gives_its_value_and_knows_no_probability(data, tmp_path):
    rows, _ = data
    made = booster(rows, rows[:, 0] * 3, "reg:squarederror")
    made.save_model(tmp_path / "model.ubj")
    model = load_model(tmp_path / "model.ubj", "model.ubj")
    np.testing.assert_array_equal(model.predict(frame(rows), "value"), made.predict(xgboost.DMatrix(rows)))
    assert model.outputs == ("value", "raw")


def test_margins_of_logitraw_become_probabilities(data, tmp_path):
    rows, labels = data
    made = booster(rows, labels > 0, "binary:logitraw")
    made.save_model(tmp_path / "model.json")
    model = load_model(tmp_path / "model.json", "model.json")
    margin = made.predict(xgboost.DMatrix(rows))
    np.testing.assert_allclose(
        model.predict(frame(rows), "probability"), 1 / (1 + np.exp(-margin)), rtol=1e-6
    )


@pytest.mark.parametrize("ending", ["json", "pkl"])
def test_a_wrapper_stopped_early_predicts_with_its_best_iteration(ending, data, tmp_path):
    rows, labels = data
    made = xgboost.XGBClassifier(n_estimators=60, early_stopping_rounds=3, learning_rate=1.0, n_jobs=1)
    made.fit(rows[:100], labels[:100], eval_set=[(rows[100:], labels[100:])], verbose=False)
    path = tmp_path / f"model.{ending}"
    path.write_bytes(pickle.dumps(made)) if ending == "pkl" else made.save_model(path)
    model = load_model(path, path.name)
    assert made.best_iteration + 1 < made.get_booster().num_boosted_rounds()
    np.testing.assert_allclose(model.predict(frame(rows), "probability"), made.predict_proba(rows), rtol=1e-6)


def test_a_wrapper_keeps_its_own_mark_for_missing_values(data, tmp_path):
    rows, labels = data
    holes = np.where(np.random.default_rng(1).random(rows.shape) < 0.3, -999.0, rows)
    made = xgboost.XGBClassifier(n_estimators=5, missing=-999.0, n_jobs=1).fit(holes, labels)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(made))
    model = load_model(tmp_path / "model.pkl", "model.pkl")
    np.testing.assert_allclose(
        model.predict(frame(holes), "probability"), made.predict_proba(holes), rtol=1e-6
    )


def test_xgboost_takes_missing_values_as_missing(data, tmp_path):
    rows, labels = data
    holes = np.where(np.random.default_rng(1).random(rows.shape) < 0.3, np.nan, rows)
    made = booster(holes, labels > 0, "binary:logistic")
    made.save_model(tmp_path / "model.json")
    model = load_model(tmp_path / "model.json", "model.json")
    given = frame(holes).fill_nan(None)
    np.testing.assert_array_equal(model.predict(given, "probability"), made.predict(xgboost.DMatrix(holes)))


@pytest.mark.parametrize("ending", ["txt", "pkl", "joblib"])
def test_a_lightgbm_booster_predicts_the_same_from_every_format(ending, data, tmp_path):
    rows, labels = data
    made = lightgbm.train({"objective": "binary", **QUIET}, lightgbm.Dataset(rows, label=labels > 0), 5)
    path = tmp_path / f"model.{ending}"
    if ending == "txt":
        made.save_model(path)
    else:
        joblib.dump(made, path)
    model = load_model(path, path.name)
    np.testing.assert_array_equal(model.predict(frame(rows), "probability"), made.predict(rows))
    np.testing.assert_array_equal(model.predict(frame(rows), "raw"), made.predict(rows, raw_score=True))
    np.testing.assert_array_equal(model.predict(frame(rows), "label"), (made.predict(rows) > 0.5).astype(int))


def test_a_lightgbm_wrapper_gives_the_labels_that_it_was_trained_with(data, tmp_path):
    rows, labels = data
    words = np.array(["calm", "rain", "snow"])[labels]
    made = lightgbm.LGBMClassifier(n_estimators=4, **QUIET).fit(rows, words)
    joblib.dump(made, tmp_path / "model.pkl")
    model = load_model(tmp_path / "model.pkl", "model.pkl")
    wanted = made.booster_.predict(rows)
    np.testing.assert_array_equal(model.predict(frame(rows), "probability"), wanted)
    np.testing.assert_array_equal(model.predict(frame(rows), "label"), made.classes_[wanted.argmax(axis=1)])


def test_a_lightgbm_regression_gives_its_value(data, tmp_path):
    rows, _ = data
    made = lightgbm.train({"objective": "regression", **QUIET}, lightgbm.Dataset(rows, label=rows[:, 1]), 5)
    made.save_model(tmp_path / "model.txt")
    model = load_model(tmp_path / "model.txt", "model.txt")
    np.testing.assert_array_equal(model.predict(frame(rows), model.outputs[0]), made.predict(rows))


def test_names_that_lightgbm_makes_up_do_not_count_as_names(data, tmp_path):
    rows, labels = data
    lightgbm.train({"objective": "binary", **QUIET}, lightgbm.Dataset(rows, label=labels > 0), 2).save_model(
        tmp_path / "model.txt"
    )
    model = load_model(tmp_path / "model.txt", "model.txt")
    assert model.features == ()
    assert model.width == 5


@pytest.mark.parametrize(("ending", "compress"), [("joblib", 0), ("joblib", 3), ("pkl", 0), ("skops", 0)])
def test_a_scikit_learn_model_predicts_the_same_from_every_format(ending, compress, data, tmp_path):
    rows, labels = data
    made = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, labels)
    path = tmp_path / f"model.{ending}"
    if ending == "skops":
        skops.io.dump(made, path)
    elif ending == "pkl":
        path.write_bytes(pickle.dumps(made))
    else:
        joblib.dump(made, path, compress=compress)
    model = load_model(path, path.name)
    np.testing.assert_array_equal(model.predict(frame(rows), "probability"), made.predict_proba(rows))
    np.testing.assert_array_equal(model.predict(frame(rows), "label"), made.predict(rows))
    np.testing.assert_array_equal(model.predict(frame(rows), "raw"), made.decision_function(rows))


def test_what_a_scikit_learn_model_can_give_follows_from_its_methods(data, tmp_path):
    rows, labels = data
    given = {
        LinearSVC(): ("label", "raw"),
        RandomForestClassifier(3, random_state=0): ("probability", "label"),
        LinearRegression(): ("value",),
        KMeans(2, n_init=1, random_state=0): ("value",),
    }
    for made, outputs in given.items():
        joblib.dump(made.fit(rows, labels), tmp_path / "model.joblib")
        assert load_model(tmp_path / "model.joblib", "model.joblib").outputs == outputs


def test_skops_refuses_types_that_are_not_trusted_and_lists_them(data, tmp_path):
    rows, labels = data
    path = tmp_path / "model.skops"
    skops.io.dump(xgboost.XGBClassifier(n_estimators=2, n_jobs=1).fit(rows, labels), path)
    with pytest.raises(ModelError, match=r"PPF403 .*xgboost\.core\.Booster, xgboost\.sklearn\.XGBClassifier"):
        load_model(path, path.name)
    trusted = ["xgboost.core.Booster", "xgboost.sklearn.XGBClassifier"]
    assert load_model(path, path.name, trusted=trusted).kind == "xgboost"


def test_the_one_model_of_a_folder_is_found(data, tmp_path):
    rows, labels = data
    booster(rows, labels > 0, "binary:logistic").save_model(tmp_path / "model.json")
    (tmp_path / "README.md").write_text("about the model")
    assert load_model(tmp_path, "models").kind == "xgboost"


def test_a_folder_of_several_models_is_refused_by_names(tmp_path):
    for name in ("a.json", "b.ubj"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(ModelError, match=r"several files .*\(a\.json, b\.ubj\)"):
        load_model(tmp_path, "models")


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match="holds no model"):
        load_model(tmp_path, "models")


def damaged(tmp_path, data, name):
    """Write a model and cut it in the middle."""
    rows, labels = data
    path = tmp_path / name
    if name.endswith((".json", ".ubj")):
        booster(rows, labels > 0, "binary:logistic").save_model(path)
    elif name.endswith(".txt"):
        lightgbm.train(
            {"objective": "binary", **QUIET}, lightgbm.Dataset(rows, label=labels > 0), 9
        ).save_model(path)
    elif name.endswith(".skops"):
        skops.io.dump(LogisticRegression().fit(rows, labels), path)
    else:
        joblib.dump(LogisticRegression().fit(rows, labels), path, compress=3 if name.endswith("z") else 0)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    return path


@pytest.mark.parametrize("name", ["m.json", "m.ubj", "m.txt", "m.skops", "m.pkl", "m.joblib.z"])
def test_a_model_file_that_is_cut_off_is_refused(name, data, tmp_path):
    path = damaged(tmp_path, data, name)
    with pytest.raises(ModelError, match=rf"PPF402  {name} cannot be read as a model"):
        load_model(path, path.name)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"hello", "no known kind"),
        (b"\x00\x01\x02", "no known kind"),
        (b'{"a": 1}', "XGBoost says"),
        (b"[1, 2]", "no known kind"),
        (b"tree\nversion=v4\nend of trees\n", "LightGBM says"),
        (b"PK\x03\x04nothing", "skops says"),
        (pickle.dumps({"a": 1}), "no predict"),
    ],
)
def test_a_file_that_is_no_model_is_refused(content, says, tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=f"PPF402 .*{says}"):
        load_model(path, path.name)


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, at):
        self.at = at

    def __reduce__(self):
        return os.mkdir, (str(self.at),)


@pytest.mark.parametrize(("name", "called"), [("model.json", r"it ends in \.json"), ("model", "no ending")])
def test_a_pickle_under_another_name_is_not_opened(tmp_path, name, called):
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Bomb(tmp_path / "went off")))
    with pytest.raises(ModelError, match=f"holds a pickle although .*{called}"):
        load_model(path, path.name)
    assert not (tmp_path / "went off").exists()


def test_a_model_of_another_library_than_the_step_says_is_refused(data, tmp_path):
    rows, labels = data
    path = tmp_path / "model.json"
    booster(rows, labels > 0, "binary:logistic").save_model(path)
    with pytest.raises(
        ModelError, match="is a model of xgboost, model_type says lightgbm; write model_type: xgboost"
    ):
        load_model(path, path.name, "lightgbm")


def test_a_boosters_wrapper_may_be_called_a_scikit_learn_model(data, tmp_path):
    rows, labels = data
    joblib.dump(xgboost.XGBClassifier(n_estimators=2, n_jobs=1).fit(rows, labels), tmp_path / "model.pkl")
    assert load_model(tmp_path / "model.pkl", "model.pkl", "sklearn").kind == "xgboost"


_WITHOUT = """
import sys
from importlib.abc import MetaPathFinder
class Hidden(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] == {library!r}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Hidden())
from pathlib import Path
from pipeproof.errors import ModelError
from pipeproof.formats import models
try:
    models.load_model(Path({path!r}), 'model.pkl')
except (ModelError, ModuleNotFoundError) as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("library", ["xgboost", "lightgbm", "sklearn"])
def test_a_missing_library_is_named_with_what_to_install(library, data, tmp_path):
    rows, labels = data
    path = tmp_path / "model.pkl"
    made = {
        "xgboost": lambda: xgboost.XGBClassifier(n_estimators=1, n_jobs=1).fit(rows, labels),
        "lightgbm": lambda: lightgbm.LGBMClassifier(n_estimators=1, **QUIET).fit(rows, labels),
        "sklearn": lambda: LogisticRegression().fit(rows, labels),
    }[library]()
    path.write_bytes(pickle.dumps(made))
    code = _WITHOUT.format(library=library, path=str(path))
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert f"the model needs {library}, which is not installed here" in said
    assert f"pip install 'pipeproof[{library}]'" in said


def counting(calls):
    def load(path, name, kind=None, trusted=()):
        calls.append(path)
        return load_model(path, name, kind, trusted)

    return load


def test_the_same_content_is_read_once_for_many_threads(data, tmp_path):
    rows, labels = data
    paths = [tmp_path / f"{number}.json" for number in range(2)]
    for path in paths:
        booster(rows, labels > 0, "binary:logistic", seed=1).save_model(path)
    calls, models = [], []
    cache = ModelCache(counting(calls))
    threads = [
        threading.Thread(target=lambda path=path: models.append(cache.get(path, path.name)))
        for path in paths * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert len({id(model) for model in models}) == 1


def test_a_changed_file_is_read_again(data, tmp_path):
    rows, labels = data
    calls, cache_path = [], tmp_path / "model.json"
    cache = ModelCache(counting(calls))
    for kind in (labels > 0, labels > 1):
        booster(rows, kind, "binary:logistic").save_model(cache_path)
        cache.get(cache_path, "model.json")
    assert len(calls) == 2


def test_a_failed_reading_is_not_kept(tmp_path):
    path = tmp_path / "model.json"
    path.write_text("{")
    calls = []
    cache = ModelCache(counting(calls))
    for _ in range(2):
        with pytest.raises(ModelError):
            cache.get(path, path.name)
    assert len(calls) == 2


def test_the_model_that_was_unused_for_longest_goes_first(data, tmp_path):
    rows, labels = data
    paths = []
    for number in range(3):
        paths.append(tmp_path / f"{number}.json")
        booster(rows, labels > 0, "binary:logistic", max_depth=number + 1).save_model(paths[-1])
    calls = []
    cache = ModelCache(counting(calls), kept=2)
    for index in (0, 1, 0, 2, 0, 1):
        cache.get(paths[index], "model.json")
    assert calls == [paths[0], paths[1], paths[2], paths[1]]
