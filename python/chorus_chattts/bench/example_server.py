"""How ChatTTS is served without Chorus: one model in the process of the HTTP server, and inference in the handler.

Two ways that are found in the field, with nothing but the standard library:

- `blocking`: a coroutine for each request, that calls `Chat.infer` as if it did not take seconds (as in ChatTTS's own
  example, which is made with FastAPI);
- `threads`: a thread for each request, all of which call the one `Chat` (as ChatTTS-ui's does).

`POST /` with text, voice, seed and tokens is answered with 16-bit samples at 24 kHz, `GET /health` with "ok".
"""

import argparse
import asyncio
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch

from chorus_worker.audio import pcm
from plain import load, speak

Answer: TypeAlias = Callable[[bytes], bytes]
"""From the body of a request to that of its answer."""


class Example:
    """One `Chat`, and what both ways do with it."""

    def __init__(self, assets: Path) -> None:
        """Loads it, and has it speak once, because its first words take longest."""
        self._chat = load(assets)
        self.answer(json.dumps({"text": "热身", "voice": 1, "seed": 1, "tokens": 8}).encode())

    def answer(self, body: bytes) -> bytes:
        """Draws the voice, sets the seed, speaks: as ChatTTS's documentation does."""
        request = json.loads(body)
        count = request["tokens"]
        torch.manual_seed(request["voice"])
        voice = self._chat.sample_random_speaker()
        length = {"min_new_token": count, "max_new_token": count}
        chunks = speak(self._chat, request["text"], seed=request["seed"], stream=False, spk_emb=voice, **length)
        return pcm(np.concatenate(list(chunks)))


async def serve_blocking(answer: Answer) -> None:
    """An event loop that stands still while the model works."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        status, body = 200, b"ok"
        if head.startswith("post"):
            length = int(head.partition("content-length:")[2].split()[0])
            request = await reader.readexactly(length)
            try:
                body = answer(request)
            except Exception as error:
                status, body = 500, repr(error).encode()
        writer.write(
            f"HTTP/1.1 {status} Done\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(f"Port {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def serve_threads(answer: Answer) -> None:
    """A thread for each request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, b"ok")

        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                self._send(200, answer(request))
            except Exception as error:
                self._send(500, repr(error).encode())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        print(f"Port {server.server_port}", flush=True)
        server.serve_forever()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=("blocking", "threads"))
    parser.add_argument("--assets", type=Path, required=True)
    arguments = parser.parse_args()
    example = Example(arguments.assets)
    if arguments.way == "blocking":
        asyncio.run(serve_blocking(example.answer))
    else:
        serve_threads(example.answer)


if __name__ == "__main__":
    main()
