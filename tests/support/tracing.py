"""How long the page's main thread was busy: Chromium's own trace, read for the time that each task computed.

A task's computing time is judged, not the time on the clock: with more programs than cores the system interrupts a
task of 20 ms for half a second, which says nothing about the page (seen: 453 ms on the clock, 21 ms computed).
"""

import json

CATEGORIES = ["toplevel", "devtools.timeline"]


def main_thread_tasks(browser, page, act):
    """Runs `act()` and returns its value and the computing milliseconds of every task of the page's main thread."""
    browser.start_tracing(page=page, categories=CATEGORIES)
    try:
        value = act()
    finally:
        events = json.loads(browser.stop_tracing())["traceEvents"]
    main = {(event["pid"], event["tid"]) for event in events
            if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"}
    return value, [event.get("tdur", event["dur"]) / 1000 for event in events
                   if event["ph"] == "X" and "RunTask" in event["name"] and (event["pid"], event["tid"]) in main]
