"""Connections that send nothing: `python -m tests.e2e.idle PORT COUNT RATE` opens COUNT, RATE a second.

Prints `open` when all have been opened, and holds what the server has not closed until its input ends.
"""

import asyncio
import sys

import uvloop

from shared.runtime.open_files import raise_limit

_held: list[asyncio.Transport] = []


async def _open(port: int) -> None:
    try:
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, "127.0.0.1", port)
    except OSError as error:  # a port or a file is missing here: then this is no proof
        print(f"failed: {error}", flush=True)
    else:
        _held.append(transport)


async def _run(port: int, count: int, rate: float) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    opening = set()
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
        opening.add(asyncio.create_task(_open(port)))
    await asyncio.wait(opening)
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for transport in _held:
        transport.abort()


if __name__ == "__main__":
    raise_limit()
    uvloop.run(_run(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
