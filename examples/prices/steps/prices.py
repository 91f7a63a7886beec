"""The steps of docs/step-context.md."""

import polars as pl


def load(context):
    prices = pl.DataFrame({"day": [1, 2, 3, 4], "price": [10.0, 11.5, 11.0, 12.5]})
    context.log_metric("days", prices.height)
    context.log_param("currency", "EUR")
    context.store("extremes", {"low": 10.0, "high": 12.5}, metadata={"source": "price list"})
    return prices


def train(context):
    prices = context.data("load")
    context.log_metric("days_seen", context.result("load").metrics["days"])
    weight = context.load_checkpoint("weight", 0.0)
    for price in context.iterate(prices["price"], name="days"):
        weight += 0.1 * (price - weight)
        context.log_metric("loss", abs(price - weight))
        context.save_checkpoint("weight", weight)
        if context.iteration == 3 and context.attempt == 1:
            raise OSError("the connection was lost")
    with open("weight.txt", "w") as file:
        file.write(f"{weight:.3f}")
    context.log_artifact("weight.txt")
    return {"weight": round(weight, 3), "high": context.data("extremes")["high"]}
