"""Chat in a terminal: python chat.py ann bob [http://127.0.0.1:8000]

Sends each line typed as a message; prints every frame sent and received.
"""

import asyncio
import json
import sys
import uuid

import aiohttp


async def main(me: str, peer: str, gateway: str = "http://127.0.0.1:8000") -> None:
    address = gateway if "://" in gateway else f"http://{gateway}"
    async with aiohttp.ClientSession(address) as http:
        async with http.post("/messages/start", params={"meId": me}, json={"peerId": peer}) as answer:
            body = await answer.json(content_type=None)
            if not answer.ok:  # then the body is a problem document
                sys.exit(body["detail"])
            conversation = body["id"]  # two people have one conversation; either may start it
        async with http.ws_connect("/ws", params={"token": me}) as socket:
            receiving = asyncio.create_task(receive_frames(socket, me))
            sending = asyncio.create_task(send_lines(socket, conversation))
            await asyncio.wait([receiving, sending], return_when=asyncio.FIRST_COMPLETED)
            if receiving.done():
                receiving.result()
                sys.exit(f"the gateway ended the connection ({socket.close_code})")
            await socket.close()
            await asyncio.gather(receiving, sending)


async def receive_frames(socket: aiohttp.ClientWebSocketResponse, me: str) -> None:
    async for message in socket:
        print("<", message.data, flush=True)
        frame = json.loads(message.data)
        if frame["type"] == "message" and frame["senderId"] != me:
            await send_frame(socket, type="read", conversationId=frame["conversationId"], upTo=frame["seq"])


async def send_lines(socket: aiohttp.ClientWebSocketResponse, conversation: str) -> None:
    terminal = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(terminal)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await terminal.readline():
        if text := line.decode().strip():  # with a clientId, sending it again makes no second message
            await send_frame(
                socket, type="message", conversationId=conversation, text=text, clientId=str(uuid.uuid4())
            )


async def send_frame(socket: aiohttp.ClientWebSocketResponse, **frame: object) -> None:
    print(">", json.dumps(frame, ensure_ascii=False), flush=True)
    await socket.send_json(frame)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    try:
        asyncio.run(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        pass
    except aiohttp.ClientError as error:
        sys.exit(f"{error}: is the gateway running at this address?")
