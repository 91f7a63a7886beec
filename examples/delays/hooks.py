def note(event):
    failed = ", ".join(step["step"] for step in event["failed"])
    print(f"{event['pipeline']} {event['status']}; without {failed or 'nothing'}")
