"""Cleans the extracted flights, in the form of a SageMaker processing script."""

import pandas as pd

# Known only when the aeroplane is in the air or has landed: a model must not see them.
AFTER_TAKE_OFF = ["dep_time", "dep_delay", "arr_delay", "sched_dep_time"]
SHARES = ["carrier_late_share", "dest_late_share"]


def main(input_paths, output_paths, environ_vars, job_args):
    # A code may be NA: only an empty field is missing.
    flights = pd.read_csv(input_paths["raw"], parse_dates=["date"], keep_default_na=False, na_values=[""])
    refuse_unusable(flights)
    read = len(flights)
    day = pd.Timestamp(job_args.partition_date)

    # A cancelled or diverted flight has no arrival delay: it teaches nothing, but on the day itself
    # nobody knows yet, so there it stays and is scored.
    flights = flights[flights["late"].notna() | (flights["date"] == day)].copy()
    flights["day_of_week"] = flights["date"].dt.dayofweek
    # A carrier or destination without flights in the four weeks before gets the average share.
    for share in SHARES:
        flights[share] = flights[share].fillna(flights[share].mean()).fillna(0.0)
    for whole in ["late", "seats", "built"]:
        flights[whole] = flights[whole].astype("Int64")

    flights = flights.drop(columns=AFTER_TAKE_OFF)
    flights["date"] = flights["date"].dt.strftime("%Y-%m-%d")
    flights.to_csv(output_paths["clean"], index=False)
    print(
        f"kept {len(flights):,} of {read:,} flights, {int((flights['date'] == str(day.date())).sum())} of them today's"
    )
    return {"kept_share": len(flights) / max(read, 1)}


def refuse_unusable(flights):
    """Stop before the model learns from flights that cannot have been."""
    for column in ["date", "carrier"]:
        if column not in flights or flights[column].isna().any():
            raise ValueError(f"{column}: every flight needs one")
    if not flights["carrier"].astype(str).str.fullmatch("[A-Z0-9]{2}").all():
        raise ValueError("carrier: a code has two characters")
    if not flights["late"].dropna().isin([0, 1]).all():
        raise ValueError("late: it is 0, 1 or missing")
