"""Talk to somebody: python chat.py ann bob [http://127.0.0.1:8000]

Each line typed is a message; what the socket says is printed as it comes.
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
            told = await answer.json(content_type=None)
            if not answer.ok:  # then it is a problem document
                sys.exit(told["detail"])
            conversation = told["id"]  # the same one every time, whoever starts it
        async with http.ws_connect("/ws", params={"token": me}) as socket:
            listening = asyncio.create_task(listen(socket, me))
            speaking = asyncio.create_task(speak(socket, conversation))
            await asyncio.wait([listening, speaking], return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
                sys.exit(f"the gateway ended the connection ({socket.close_code})")
            await socket.close()
            await asyncio.gather(listening, speaking)


async def listen(socket: aiohttp.ClientWebSocketResponse, me: str) -> None:
    async for said in socket:
        print("<", said.data, flush=True)
        frame = json.loads(said.data)
        if frame["type"] == "message" and frame["senderId"] != me:
            await say(socket, type="read", conversationId=frame["conversationId"], upTo=frame["seq"])


async def speak(socket: aiohttp.ClientWebSocketResponse, conversation: str) -> None:
    typed = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(typed)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await typed.readline():
        if text := line.decode().strip():  # a clientId of its own: sent again, it stays one message
            await say(
                socket, type="message", conversationId=conversation, text=text, clientId=str(uuid.uuid4())
            )


async def say(socket: aiohttp.ClientWebSocketResponse, **frame: object) -> None:
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
        sys.exit(f"{error}: is the gateway where you say it is?")
