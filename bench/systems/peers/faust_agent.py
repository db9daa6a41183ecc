"""A Faust agent that counts events and does nothing else; runs in an environment of its own.

`python faust_agent.py BROKER TOPIC COUNT FOLDER` prints how many events a second it took, and ends.
"""

import os
import sys
import time

import faust

broker, topic, count, folder = sys.argv[1:]
app = faust.App(
    f"noop-{os.getpid()}",
    broker=f"kafka://{broker}",
    value_serializer="raw",
    key_serializer="raw",
    store="memory://",
    web_enabled=False,
    topic_disable_leader=True,
    datadir=folder,
    broker_commit_interval=1.0,
    consumer_auto_offset_reset="earliest",
    stream_wait_empty=False,
)


@app.agent(app.topic(topic, key_type=bytes, value_type=bytes, value_serializer="raw"))  # type: ignore[untyped-decorator]
async def count_events(stream: "faust.Stream[bytes]") -> None:
    began, seen = 0.0, 0
    async for _ in stream:
        began = began or time.monotonic()
        seen += 1
        if seen == int(count):
            rate = seen / (time.monotonic() - began)
            print("\nrate", rate, file=sys.__stdout__, flush=True)  # faust redirects sys.stdout to its log
            os._exit(0)


app.finalize()
faust.Worker(app, loglevel="ERROR").execute_from_commandline()
