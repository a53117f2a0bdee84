"""One ChatTTS and how it is called: the same sound as its own, whatever was spoken before or went wrong."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ChatTTS
import numpy as np
import pytest
import torch
from ChatTTS import norm

from chorus_chattts.model import EndedAtOnce, Model, Samples
from chorus_chattts.options import Options

Speak = Callable[..., Samples]

GENERATOR = torch.Generator

REFINE = {"min_new_token": 10, "max_new_token": 10}


class Enough(Exception):  # noqa: N818
    """Ends a test's speech."""


def end_at_once(model: Model, monkeypatch: pytest.MonkeyPatch, *, times: int = 1000) -> None:
    """Makes the next `times` texts end with their first code."""
    left = iter(range(times))

    def head(hidden: torch.Tensor) -> torch.Tensor:
        logits = torch.zeros(*hidden.shape[:2], 626)
        if hidden.size(1) > 1 and next(left, None) is not None:  # More than one position: the prompt of a new text.
            logits[..., -1] = 1000
        return logits

    monkeypatch.setattr(model._chat.gpt, "head_code", [head] * 4)


def test_it_sounds_as_chattts_itself_does(model: Model, tiny_assets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChatTTS.Chat, "download_models", lambda *_: str(tiny_assets))
    chat = ChatTTS.Chat(logging.getLogger("plain"))
    assert chat.load(device=torch.device("cpu"))
    length: dict[str, Any] = {"min_new_token": 100, "max_new_token": 100}
    parameters = chat.InferCodeParams(**length, pass_first_n_batches=0, show_tqdm=False)
    stream = chat.infer(
        "你好，世界。", stream=True, split_text=False, skip_refine_text=True, params_infer_code=parameters
    )
    torch.manual_seed(5)
    theirs = [row for (row,) in stream if row.size]
    ours = list(model.speak("你好，世界。", Options.parse(length), speaker={}, seed=5, step=lambda: None))
    assert [len(chunk) for chunk in ours] == [len(chunk) for chunk in theirs]
    np.testing.assert_allclose(np.concatenate(ours), np.concatenate(theirs), atol=1e-5)


def test_the_same_arguments_give_the_same_samples_on_every_model(model: Model, speak: Speak, tiny_assets: Path) -> None:
    once = speak(model, refine=REFINE)
    torch.rand(7)
    np.testing.assert_array_equal(speak(model, refine=REFINE), once)
    np.testing.assert_array_equal(speak(Model(tiny_assets), refine=REFINE), once)
    assert not np.array_equal(speak(model, refine=REFINE, seed=2), once)


def test_chunks_come_as_they_are_made(model: Model) -> None:
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    options = Options.parse({"min_new_token": 100, "max_new_token": 100})
    chunks = model.speak("你好。", options, speaker={}, seed=0, step=step)
    assert len(next(chunks)) == 12_000
    assert steps == 23  # It asks after each token, but hands the chunk out before it asks after the 24th.
    assert [len(chunk) for chunk in chunks] == [12_000, 12_000, 12_000, 100 * 512 - 256 - 4 * 12_000]
    assert steps == 101  # And once more when it looks why it stopped.


@pytest.mark.parametrize("refine", [False, True])
@pytest.mark.parametrize("last", [1, 10, 30])
def test_a_step_that_raises_ends_it_within_that_token(
    model: Model, speak: Speak, monkeypatch: pytest.MonkeyPatch, last: int, refine: bool
) -> None:
    passes = 0
    forward = model._chat.gpt.gpt.forward

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal passes
        passes += 1
        return forward(*arguments, **named)

    def step() -> None:
        if passes == last:
            raise Enough

    before = speak(model)
    with monkeypatch.context() as patch:
        patch.setattr(model._chat.gpt.gpt, "forward", counted)
        fixed = {"min_new_token": 40, "max_new_token": 40}
        options = Options.parse({**fixed, "refine": fixed if refine else False})
        with pytest.raises(Enough):
            list(model.speak("你好。", options, speaker={}, seed=0, step=step))
    assert passes == last
    np.testing.assert_array_equal(speak(model), before)


@pytest.mark.parametrize("options", [{}, {"manual_seed": 3}])
def test_a_text_that_ends_with_its_first_code_is_told(
    model: Model, speak: Speak, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    before = speak(model)
    with monkeypatch.context() as patch:
        end_at_once(model, patch)
        with pytest.raises(EndedAtOnce):
            speak(model, min_new_token=0, **options)
    np.testing.assert_array_equal(speak(model), before)


def test_a_text_that_is_refined_to_nothing_is_told(model: Model, speak: Speak, monkeypatch: pytest.MonkeyPatch) -> None:
    before = speak(model)
    with monkeypatch.context() as patch:
        end = torch.zeros(model._chat.tokenizer.len)
        end[model._chat.tokenizer.eos_token] = 1000
        patch.setattr(model._chat.gpt, "head_text", lambda hidden: end.expand(*hidden.shape[:2], -1).clone())
        with pytest.raises(EndedAtOnce):
            speak(model, refine=True)
    np.testing.assert_array_equal(speak(model), before)


@pytest.mark.parametrize(
    ("error", "at"),
    [
        (torch.cuda.OutOfMemoryError("no memory"), 0),
        (torch.cuda.OutOfMemoryError("no memory"), 30),
        (RuntimeError("broken"), 0),
        (UnboundLocalError("broken after the first chunk"), 30),
    ],
)
def test_what_goes_wrong_comes_out_and_leaves_the_model_whole(
    model: Model, speak: Speak, monkeypatch: pytest.MonkeyPatch, error: Exception, at: int
) -> None:
    before = speak(model)
    forward, passes = model._chat.gpt.gpt.forward, iter(range(1000))

    def failing(*arguments: Any, **named: Any) -> Any:
        if next(passes) == at:
            raise error
        return forward(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(model._chat.gpt.gpt, "forward", failing)
        with pytest.raises(type(error)):
            speak(model)
    np.testing.assert_array_equal(speak(model), before)


def test_a_stream_that_is_left_leaves_nothing_behind(model: Model, speak: Speak) -> None:
    before = speak(model)
    stream = model.speak("别的话。", Options.parse({"min_new_token": 90}), speaker={}, seed=9, step=lambda: None)
    next(stream)
    stream.close()
    np.testing.assert_array_equal(speak(model), before)


def test_no_word_of_a_caller_is_logged(model: Model, speak: Speak, capfd: pytest.CaptureFixture[str]) -> None:
    speak(model, "一句秘密，嗯。secret ☃", refine=REFINE)
    assert "".join(capfd.readouterr()) == ""


def test_no_text_makes_a_caller_wait_for_the_compiler(model: Model) -> None:
    functions = [norm._find_index, norm._fast_replace, norm._split_tags, norm._combine_tags]
    compiled = [list(function.signatures) for function in functions]
    assert all(compiled)
    for text in ("你好，谌。", "Hello.", "☃ [laugh] 1", "[uv_break]", "𠀀"):
        model._chat.normalizer(text, False, True)
    assert [list(function.signatures) for function in functions] == compiled


def test_moving_forgets_nothing(tiny_assets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the statistics of speakers stay on the host, so that a voice does not depend on the kind of a device."""
    model = Model(tiny_assets)
    monkeypatch.setattr(torch, "Generator", lambda device: SimpleNamespace(device=device))  # There is none on "meta".
    model.to("meta")
    speaker = model._chat.speaker
    places = dict(devices_of(model._chat, "chat", {id(speaker)}))
    assert len(places) > 100
    assert {place: device for place, device in places.items() if device != torch.device("meta")} == {}
    assert {speaker.std.device, speaker.mean.device} == {torch.device("cpu")}


def devices_of(thing: Any, path: str, seen: set[int]) -> Iterator[tuple[str, torch.device]]:
    """Every tensor's device and every remembered device that can be reached from an object."""
    if isinstance(thing, torch.device):
        yield path, thing
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, (torch.Tensor, GENERATOR)):
        yield path, thing.device
    elif isinstance(thing, dict):
        for name, value in list(thing.items()):
            yield from devices_of(value, f"{path}.{name}", seen)
    elif isinstance(thing, (list, tuple)):
        for number, value in enumerate(thing):
            yield from devices_of(value, f"{path}[{number}]", seen)
    elif hasattr(thing, "__dict__") and not isinstance(thing, type):
        yield from devices_of(vars(thing), path, seen)
