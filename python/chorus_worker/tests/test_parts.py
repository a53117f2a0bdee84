"""The SDK's parts, without a process around them."""

import errno
import sys
import threading
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from chorus_worker import Audio, BadRequest, Context, Engine, Job, OutOfMemory
from chorus_worker.audio import pcm
from chorus_worker.failures import EngineFault, Failure
from chorus_worker.frames import (
    MAX_DATA_BYTES,
    MAX_HEADER_BYTES,
    MAX_PAYLOAD_BYTES,
    BrokenFrame,
    Decoder,
    Event,
    encoded,
)
from chorus_worker.memory import MemoryReports, give_back, host_memory, keep_to_budget
from chorus_worker.requests import read_job
from chorus_worker.values import JSON
from chorus_worker.work import discard


def samples(audio: Audio) -> list[int]:
    """The audio as the gateway reads it."""
    return list(np.frombuffer(pcm(audio), "<i2"))


def test_floats_are_clipped_and_rounded() -> None:
    floats = [-1e30, -1, -0.5 / 32767, 0.4 / 32767, 0.6 / 32767, 1, 1.00001]
    expected = [-32767, -32767, 0, 0, 1, 32767, 32767]
    assert samples(np.array(floats, np.float32)) == samples(np.array(floats, np.float64)) == expected
    assert samples(np.array([0.5], np.float16)) == [16384]


def test_integers_stay_what_they_are_in_any_layout() -> None:
    values = np.arange(-32768, 32768, dtype=np.int32).astype(np.int16)
    for array in values, values.astype(">i2"), np.repeat(values, 2)[::2]:
        assert list(np.frombuffer(pcm(array), "<i2")) == values.tolist()
    assert pcm(b"\1\0") == b"\1\0"


@pytest.mark.parametrize(
    ("audio", "complaint"),
    [
        (b"abc", "3 bytes"),
        (np.zeros((1, 8), np.float32), "shape (1, 8)"),
        (np.array([0, np.inf, -np.inf, np.nan]), "3 of 4 samples are NaN or infinite"),
        (np.zeros(8, np.int32), "array of int32"),
        ([0.5], "the engine made list"),
    ],
)
def test_audio_that_is_none_is_the_engines_fault(audio: Any, complaint: str) -> None:
    with pytest.raises(EngineFault) as caught:
        pcm(audio)
    assert complaint in str(caught.value)


def test_a_callback_is_called_once_and_only_within_its_with() -> None:
    calls: list[str] = []
    job = Job("text")

    def fail() -> None:
        calls.append("failing")
        raise ValueError("a callback's own trouble")

    with job.on_cancel(lambda: calls.append("too early")):
        pass
    with job.on_cancel(fail), job.on_cancel(lambda: calls.append("stopping")):
        assert not job.cancelled
        thread = threading.Thread(target=job.cancel)
        thread.start()
        thread.join()
        assert job.cancelled
        job.cancel()
    with job.on_cancel(lambda: calls.append("at once")):
        assert calls == ["failing", "stopping", "at once"], "a callback that fails keeps no other one from being called"
    job.cancel()
    assert calls == ["failing", "stopping", "at once"]


def test_a_deadline_that_passes_cancels_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("chorus_worker.work.time.monotonic", lambda: now)
    job = Job("text", deadline=105.0)
    calls: list[str] = []
    with job.on_cancel(lambda: calls.append("early")):
        now = 104.9
        assert not job.cancelled
        now = 105.0
        assert job.cancelled
        assert Failure.of(job.cancellation()) == Failure("cancelled", "The deadline has passed.")
        job.cancel()
        assert calls == ["early"]
    late = Job("text", deadline=105.0)
    for name in "late", "too":
        with late.on_cancel(lambda name=name: calls.append(name)):
            late.cancel()
    assert calls == ["early", "late", "too"], "each once, at once"
    unhurried = Job("text", deadline=106.0)
    unhurried.cancel()
    assert Failure.of(unhurried.cancellation()) == Failure("cancelled", "the job was cancelled")


@pytest.mark.parametrize(
    ("seconds", "deadline"),
    [
        (5, 105.0),
        (0.5, 100.5),
        (0, 100.0),
        (-0.1, 100.0),
        (-(10**400), 100.0),
        (10**400, 1e9 + 100),
        (float("inf"), 1e9 + 100),
        (None, None),
    ],
)
def test_a_deadline_is_read_as_seconds_from_now(
    monkeypatch: pytest.MonkeyPatch, seconds: JSON, deadline: float | None
) -> None:
    monkeypatch.setattr("chorus_worker.requests.time.monotonic", lambda: 100.0)
    context = {"deadline": seconds, "temperature": 0.5}
    job = read_job(Event("synthesize", {"text": "text", "context": context}), discard)
    assert job.deadline == deadline
    assert job.cancelled == (deadline == 100.0)
    assert job.options == {"temperature": 0.5}, "it is no option of the engine"


def test_a_deadline_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(BadRequest, match="must be a number of seconds"):
        read_job(Event("synthesize", {"text": "text", "context": {"deadline": float("nan")}}), discard)


def test_a_job_of_its_own_can_be_used_without_a_worker() -> None:
    sent: list[Event] = []
    job = Job("text", send=lambda *events: sent.extend(events))
    job.note("remark")
    job.progress()
    assert [event.data for event in sent] == [{"name": "chorus.note", "data": {"text": "remark"}}]
    assert job.idle_for() < 30
    assert (job.voice, job.speaker, job.seed, job.options) == (None, None, None, {})


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("The following operation failed in the TorchScript interpreter.\nCUDA out of memory. Tried"),
        RuntimeError("CUDA error: out of memory\nCompile with `TORCH_USE_CUDA_DSA`"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        MemoryError(),
        OutOfMemory(),
    ],
    ids=repr,
)
def test_lack_of_memory_is_known_in_all_its_shapes(error: Exception) -> None:
    assert Failure.of(error).code == "out_of_memory"


def after(reason: Exception, error: Exception, how: str) -> Exception:
    """The error as if it had been raised `from` the reason (`__cause__`) or while that was handled (`__context__`)."""
    setattr(error, how, reason)
    return error


@pytest.mark.parametrize("how", ["__cause__", "__context__"])
def test_lack_of_memory_is_known_behind_what_it_led_to(how: str) -> None:
    error = after(after(MemoryError(), ValueError("a step"), how), KeyError("half done"), how)
    assert Failure.of(error) == Failure("out_of_memory", "'half done'")
    assert Failure.of(after(MemoryError(), BadRequest("shorten it"), how)).code == "bad_request"
    assert Failure.of(after(ValueError("a step"), KeyError("half done"), how)).code == "internal"
    error.__cause__ = None
    assert Failure.of(error).code == "internal", "raised `from None`: its author says that it came of nothing else"


def test_what_is_no_lack_of_memory_is_not_taken_for_it() -> None:
    circle = ValueError("a circle")
    circle.__cause__ = circle
    for error in circle, RuntimeError("can't allocate a name"), OSError(errno.ENOENT, "No such file"), KeyError("CUDA"):
        assert Failure.of(error).code == "internal"


def test_the_text_of_an_error_is_cut_to_its_limit() -> None:
    text: str = Failure("internal", "长" * 4096).event().data["text"]
    assert text == "长" * (2048 // 3)


def parsed(*parts: bytes) -> Event | None:
    """The event in these bytes, if there is a whole one."""
    decoder = Decoder()
    for part in parts:
        decoder.feed(part)
        if (event := decoder.next()) is not None:
            return event
    return None


def test_frames_are_read_up_to_their_limits() -> None:
    assert parsed() is None
    event = parsed(b'{"type":"a","data":{"b":1,"c":2},"data_length":8,"payload_length":2}\n', b'{"c": 3}', b"xy")
    assert event == Event("a", {"b": 1, "c": 3}, b"xy")
    assert parsed(b'{"type":"a","payload_length":%d}\n' % MAX_PAYLOAD_BYTES, bytes(MAX_PAYLOAD_BYTES)) is not None
    data = b'{"b": "' + b"x" * (MAX_DATA_BYTES - 9) + b'"}'
    assert parsed(b'{"type":"a","data_length":%d}\n' % len(data), data) is not None


@pytest.mark.parametrize(
    "parts",
    [
        (b'{"type":"a","payload_length":%d}\n' % (MAX_PAYLOAD_BYTES + 1),),
        (b'{"type":"a","data_length":%d}\n' % (MAX_DATA_BYTES + 1),),
        (b'{"type":"' + b"a" * MAX_HEADER_BYTES + b'"}\n',),
    ],
)
def test_frames_beyond_their_limits_are_broken(parts: tuple[bytes, ...]) -> None:
    with pytest.raises(BrokenFrame):
        parsed(*parts)


def test_frames_are_cut_alike_however_they_arrive() -> None:
    events = [Event("a", {"b": "一"}, b"xyz"), Event("c"), Event("d", {"e": [1, {}]}), Event("f", {}, b"\n{}")]
    stream = b"".join(part for event in events for part in encoded(event))
    for size in *range(1, 20), len(stream):
        decoder = Decoder()
        found: list[Event] = []
        for start in range(0, len(stream), size):
            decoder.feed(stream[start : start + size])
            while (event := decoder.next()) is not None:
                found.append(event)
        assert found == events
        assert not decoder.is_within_event
        decoder.feed(stream[:10])
        assert decoder.next() is None
        assert decoder.is_within_event


def test_memory_is_read_from_proc(tmp_path: Path) -> None:
    (tmp_path / "statm").write_text("900 20 3 1 0 7 0\n")
    with_statm = host_memory(tmp_path)
    assert with_statm == {"rss": 20 * 4096, "pss": 20 * 4096}
    (tmp_path / "smaps_rollup").write_text("5-7 ---p 0 00:00 0 [rollup]\nRss:  12 kB\nPss:  7 kB\nPss_Dirty: 1 kB\n")
    assert host_memory(tmp_path) == {"rss": 12 * 1024, "pss": 7 * 1024}


class FakeCUDA:
    """What the SDK uses of `torch.cuda`; it remembers what was asked of it."""

    def __init__(self, *, initialized: bool) -> None:
        """A device of 1000 bytes."""
        self.calls: list[tuple[object, ...]] = []
        self._initialized = initialized
        self.get_device_properties = self._remembering("properties", SimpleNamespace(total_memory=1000))
        self.set_per_process_memory_fraction = self._remembering("fraction", None)
        self.memory_allocated = self._remembering("allocated", 1)
        self.memory_reserved = self._remembering("reserved", 2)
        self.max_memory_allocated = self._remembering("peak", 3)
        self.max_memory_reserved = self._remembering("peak reserved", 4)
        self.reset_peak_memory_stats = self._remembering("reset", None)
        self.empty_cache = self._remembering("empty", None)

    def is_initialized(self) -> bool:
        """Whether anything has used it."""
        return self._initialized

    def _remembering(self, name: str, value: object) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            self.calls.append((name, *arguments))
            return value

        return call


def use(monkeypatch: pytest.MonkeyPatch, *, initialized: bool = True) -> FakeCUDA:
    """Puts a `torch` with such a device where the SDK looks for one."""
    cuda = FakeCUDA(initialized=initialized)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    return cuda


def context(device: str, memory_bytes: int | None) -> Context:
    """That of an instance with a budget."""
    return Context(device, None, 1, memory_bytes, Namespace())


def test_a_budget_is_a_share_of_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = use(monkeypatch, initialized=False)
    keep_to_budget(context("cpu", 250))
    keep_to_budget(context("cuda:1", None))
    assert cuda.calls == [], "there is nothing to keep to"
    keep_to_budget(context("cuda:1", 250))
    keep_to_budget(context("cuda:1", 2000))
    assert [call for call in cuda.calls if call[0] == "fraction"] == [
        ("fraction", 0.25, "cuda:1"),
        ("fraction", 1.0, "cuda:1"),
    ]


def test_cuda_memory_is_told_when_cuda_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = use(monkeypatch)
    report = MemoryReports("cuda:0").latest.data["data"]
    assert report["cuda"] == {"allocated": 1, "reserved": 2, "peak": 3, "peak_reserved": 4}
    assert cuda.calls[-1] == ("reset", "cuda:0"), "the peak is that since the report before"
    assert "cuda" not in MemoryReports("cpu").latest.data["data"]
    use(monkeypatch, initialized=False)
    assert "cuda" not in MemoryReports("cuda:0").latest.data["data"], "a report is never the first use of a GPU"


def test_reports_after_jobs_keep_their_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("chorus_worker.memory.time.monotonic", lambda: now)
    reports = MemoryReports("cpu")
    now = 109.9
    assert reports.after_job() is None
    now = 110.0
    assert reports.after_job() is reports.latest
    assert reports.after_job() is None
    assert reports.fresh() is reports.latest, "who asks gets one"


def test_on_cuda_each_job_has_its_report_and_the_host_is_measured_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    measured: list[float] = []

    def measure(_: Path) -> dict[str, int]:
        measured.append(now)
        return {"rss": len(measured), "pss": len(measured)}

    monkeypatch.setattr("chorus_worker.memory.time.monotonic", lambda: now)
    monkeypatch.setattr("chorus_worker.memory.host_memory", measure)
    cuda = use(monkeypatch)
    reports = MemoryReports("cuda:0")
    for then, host in (100.0, 1), (109.9, 1), (110.0, 2), (119.9, 2):
        now = then
        cuda.calls.clear()
        report = reports.after_job()
        assert report is not None
        assert report is reports.latest
        assert report.data["data"]["rss"] == host
        assert report.data["data"]["cuda"]["peak_reserved"] == 4
        assert cuda.calls[-1] == ("reset", "cuda:0")
    reports.fresh()
    assert measured == [100.0, 110.0, 119.9]
    use(monkeypatch, initialized=False)
    assert reports.after_job() is None, "what does not use CUDA is as on a CPU"


def test_after_out_of_memory_the_cache_is_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = use(monkeypatch)
    give_back()
    assert cuda.calls == [("empty",)]
    cuda = use(monkeypatch, initialized=False)
    give_back()
    assert cuda.calls == []


def test_an_engine_is_asked_for_what_it_does_not_have() -> None:
    with pytest.raises(NotImplementedError, match="Engine does not say how to synthesize"):
        Engine().synthesize(Job("text"))
