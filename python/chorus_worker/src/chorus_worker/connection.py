"""One connection of a gateway, or of any other Wyoming client."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from wyoming.event import Event, async_write_event

from chorus_worker.failures import BadRequest, Failure
from chorus_worker.frames import BrokenFrame, read_event
from chorus_worker.memory import MemoryReports
from chorus_worker.queue import Order, WorkQueue
from chorus_worker.requests import Release, read_job, read_voice_order
from chorus_worker.work import Send, Work

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """What all connections of a worker share."""

    info: Event
    reports: MemoryReports
    queue: WorkQueue


class Connection:
    """Reads and answers events, on the wire's thread; carries the events of its work, from a slot's thread."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, service: Service) -> None:
        """Must be made on the event loop."""
        self._reader = reader
        self._writer = writer
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._writing = asyncio.Lock()
        self._work: Work | None = None
        self._expiry: asyncio.Task[None] | None = None
        self._release: Release | None = None

    async def run(self) -> None:
        """Serves until the connection ends; then nobody wants its work any more."""
        try:
            while (event := await read_event(self._reader)) is not None:
                await self._handle(event)
        except (BrokenFrame, OSError, UnicodeEncodeError) as error:
            _log.warning("A connection ends: %s", error)
        finally:
            await self.cancel()
            if self._release is not None:
                self._service.queue.withdraw(self._release)
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()

    def close(self) -> None:
        """Lets `run` return, after what is still to be sent."""
        self._writer.close()

    async def cancel(self) -> None:
        """Ends the work of this connection soon, if it has any."""
        if self._work is None:
            return
        if self._service.queue.withdraw(self._work):
            await self._finish(self._work, Failure.of(self._work.cancellation()).event())
        else:
            self._work.cancel()

    def send(self, event: Event) -> None:
        """Writes an event of the running work; to be called from its slot's thread.

        It returns when the socket has taken the event, or all but 64 KiB of it (asyncio's high-water mark). So what a
        slow reader leaves unread is never more than that and one event.
        """
        asyncio.run_coroutine_threadsafe(self._write(event), self._loop).result()

    def finish(self, work: Work, event: Event) -> None:
        """Writes the last event of the work; as `send`."""
        asyncio.run_coroutine_threadsafe(self._finish(work, event), self._loop).result()

    async def _handle(self, event: Event) -> None:
        match event.type, event.data.get("name"):
            case "describe", _:
                await self._write(self._service.info)
                await self._write(self._service.reports.latest)
            case "ping", _:
                await self._pong(event)
            case "synthesize", _:
                await self._accept(event, read_job)
            case "user-event", "chorus.voice":
                await self._accept(event, read_voice_order)
            case "user-event", "chorus.cancel":
                await self.cancel()
            case "user-event", "chorus.release":
                self._give_back()

    def _give_back(self) -> None:
        """Orders it; asked twice before it is done, it is done once."""
        if self._release is None:
            self._release = Release()
            self._service.queue.put(Order(self._release, self))

    async def _pong(self, ping: Event) -> None:
        data = {"text": ping.data.get("text")}
        idle = self._service.queue.idle_for(self._work)
        if idle is not None:
            data["idle_for"] = round(idle, 3)
        await self._write(Event("pong", data))

    async def _accept(self, event: Event, read: Callable[[Event, Send], Work]) -> None:
        try:
            if self._work is not None:
                raise BadRequest("this connection has a job; wait for its end, or use another connection")
            work = read(event, self.send)
        except BadRequest as error:
            await self._write(Failure.of(error).event())
            return
        self._work = work
        if not self._service.queue.put(Order(work, self)):
            await self._finish(work, Failure.of(work.cancellation()).event())
        elif work.deadline is not None:
            self._expiry = self._loop.create_task(self._expire(work.deadline))

    async def _expire(self, deadline: float) -> None:
        """Cancels the work at its deadline: what runs may be waiting for its callback, and what waits is answered."""
        await asyncio.sleep(deadline - time.monotonic())
        self._expiry = None
        await self.cancel()

    async def _finish(self, work: Work, event: Event) -> None:
        if work is self._work:
            self._work = None
            if self._expiry is not None:
                self._expiry.cancel()
                self._expiry = None
        else:
            self._release = None
        await self._write(event)

    async def _write(self, event: Event) -> None:
        """Writes an event, unless the other end is gone: `run` sees that, too, and cancels the work."""
        async with self._writing:
            if not self._writer.is_closing():
                with suppress(OSError):
                    await async_write_event(event, self._writer)
