def evaluate(flights, context):
    late = flights.filter(flights["delay"] > 15).height
    context.log_metric("late", late)
    return {"late": late}


def alert(evaluate):
    return f"{evaluate['late']} flights were late"


def weather():
    raise ConnectionError("the weather service does not answer")


def climate():
    return {"wind": "as in other years"}


def holidays():
    raise LookupError("no calendar for this year")


def report(by_origin, weather, holidays=None, alert=None):
    return {"worst": max(by_origin["worst"]), "wind": weather["wind"], "holidays": holidays, "alert": alert}
