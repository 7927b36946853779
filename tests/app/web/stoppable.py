"""A program that serves until it is told to stop, and then tidies up."""

import sys
import time

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute

from app.process import listen, serve


async def listen_for_ever(websocket):
    await websocket.accept()
    async for _ in websocket.iter_text():
        pass


async def hello(_):
    return PlainTextResponse("hello")


def compute(_):
    print("computing", flush=True)
    time.sleep(60)  # in a thread, like a route that computes
    return PlainTextResponse("late")


if __name__ == "__main__":
    routes = [
        Route("/", hello),
        Route("/compute", compute),
        WebSocketRoute("/socket", listen_for_ever),
    ]
    listener = listen(port=0)
    port = listener.getsockname()[1]
    serve(Starlette(routes=routes), listener=listener, on_ready=lambda: print(port, flush=True))
    print("tidied up", flush=True)
    sys.exit(0)
