"""Cleans the extracted flights, after somebody has tidied it up."""

import pandas as pd

AFTER_TAKE_OFF = ["dep_time", "dep_delay", "arr_delay", "sched_dep_time"]
KILOMETRES_PER_MILE = 1.609344


def main(input_paths, output_paths, environ_vars, job_args):
    flights = pd.read_csv(input_paths["raw"], parse_dates=["date"])
    for column in ["date", "carrier"]:
        if column not in flights or flights[column].isna().any():
            raise ValueError(f"{column}: every flight needs one")
    day = pd.Timestamp(job_args.partition_date)
    flights = flights[flights["late"].notna() | (flights["date"] == day)].copy()
    flights["day_of_week"] = flights["date"].dt.dayofweek
    for share in ["carrier_late_share", "dest_late_share"]:
        flights[share] = flights[share].fillna(flights[share].mean()).fillna(0.0)
    for whole in ["late", "seats", "built"]:
        flights[whole] = flights[whole].astype("Int64")

    flights["flight"] = flights["carrier"] + flights["flight"].astype(str)
    flights["distance"] = flights["distance"] * KILOMETRES_PER_MILE
    flights = flights.rename(columns={"wind_speed": "wind_spd"})
    flights = flights.drop(columns=AFTER_TAKE_OFF)
    flights["date"] = flights["date"].dt.strftime("%Y-%m-%d")
    flights.to_csv(output_paths["clean"], index=False)
