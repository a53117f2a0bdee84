"""How the worker starts, and what it says when it cannot."""

import json
import subprocess
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from chorus_cosyvoice.device import show_only
from chorus_cosyvoice.engine import CosyVoiceEngine
from chorus_worker import Context

from .conftest import MakeModel
from .worker import PATIENCE, Worker, command


def run(*flags: str, standin: bool = True) -> subprocess.CompletedProcess[str]:
    start = command(*flags, standin=standin)
    return subprocess.run(**start, capture_output=True, text=True, timeout=PATIENCE, check=False)


def diagnose(*flags: str, standin: bool = True) -> tuple[int, dict[str, Any]]:
    result = run("--doctor", *flags, standin=standin)
    return result.returncode, {finding["check"]: finding for finding in json.loads(result.stdout)}


def test_the_doctor_says_what_to_install(tmp_path: Path) -> None:
    status, findings = diagnose("--voices", str(tmp_path), standin=False)
    assert status == 1
    remedies = {check: finding["remedy"] for check, finding in findings.items() if not finding["ok"]}
    assert "git clone --recursive https://github.com/FunAudioLLM/CosyVoice" in remedies["CosyVoice can be imported"]
    assert "CosyVoice/third_party/Matcha-TTS" in remedies["Matcha-TTS can be imported"]
    assert "pip install -r CosyVoice/requirements.txt" in remedies["what CosyVoice imports is installed"]
    assert "snapshot_download('FunAudioLLM/Fun-CosyVoice3-0.5B-2512'" in remedies["the model is here"]
    assert str(tmp_path) in remedies["there is a voice"]


def test_the_doctor_finds_what_is_there(make_model: MakeModel, tmp_path: Path) -> None:
    model = make_model(3)
    (tmp_path / "anna.wav").touch()
    status, findings = diagnose("--model", str(model), "--voices", str(tmp_path))
    assert status == 1  # Matcha-TTS and much else is not here.
    assert findings["CosyVoice can be imported"]["ok"]
    assert findings["the model is here"]["detail"] == f"{model}/cosyvoice3.yaml"
    assert findings["there is a voice"]["detail"] == f"{tmp_path}: anna"


def test_the_doctor_sees_that_a_directory_is_no_model(make_model: MakeModel, tmp_path: Path) -> None:
    _, findings = diagnose("--model", str(tmp_path), "--voices", str(tmp_path))
    assert "has none of cosyvoice.yaml" in findings["the model is here"]["detail"]
    _, findings = diagnose("--model", "iic/CosyVoice2-0.5B", "--voices", str(tmp_path))
    assert "is no directory" in findings["the model is here"]["detail"]
    _, findings = diagnose("--model", str(make_model(2, "custom")), "--voices", str(tmp_path))
    assert findings["there is a voice"]["ok"]


def test_it_does_not_start_without_what_it_needs(make_model: MakeModel, tmp_path: Path) -> None:
    uri = ("--uri", f"unix://{tmp_path}/worker.sock", "--voices", str(tmp_path))
    for flags, standin, reason in (
        (uri, True, "which model?"),
        ((*uri, "--model", str(make_model(2))), False, "CosyVoice cannot be imported (No module named 'cosyvoice')"),
        ((*uri, "--model", str(make_model(2))), True, "has no speakers of its own; put a recording"),
        ((*uri, "--model", str(make_model(2)), "--device"), True, "expected one argument"),
    ):
        result = run(*flags, standin=standin)
        assert result.returncode in (1, 2)
        assert reason in result.stderr
    (tmp_path / "mute.wav").touch()
    assert "mute.txt" in run(*uri, "--model", str(make_model(2))).stderr


@pytest.mark.parametrize(("device", "cards"), [("cpu", ""), ("cuda:2", "2")])
def test_it_shows_cosyvoice_its_own_card_only(make_model: MakeModel, tmp_path: Path, device: str, cards: str) -> None:
    with Worker(tmp_path, make_model(2, "custom"), "--device", device) as worker:
        assert worker.wait_for(lambda line: "loaded" in line)["cards"] == cards


@pytest.mark.parametrize(
    ("argv", "before", "after", "cards"),
    [
        (["--model", "m"], {}, ["--model", "m", "--device", "cpu"], ""),
        (["--device", "cuda:1", "--doctor"], {}, ["--doctor", "--device", "cuda:0"], "1"),
        (["--device=cuda:1"], {"CUDA_VISIBLE_DEVICES": "4, GPU-7"}, ["--device", "cuda:0"], "GPU-7"),
        (["--device", "cuda"], {}, ["--device", "cuda"], None),
    ],
)
def test_cards_are_counted_within_those_that_are_visible(
    argv: list[str], before: dict[str, str], after: list[str], cards: str | None
) -> None:
    assert show_only(argv, before) == after
    assert before.get("CUDA_VISIBLE_DEVICES") == cards


def test_a_card_that_is_not_visible_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        show_only(["--device", "cuda:1"], {"CUDA_VISIBLE_DEVICES": "3"})
    assert "there is no cuda:1: CUDA_VISIBLE_DEVICES is '3'" in capsys.readouterr().err


def test_a_fork_cannot_choose_its_card() -> None:
    context = Context("cuda:1", None, threads=1, memory_bytes=None, arguments=Namespace(model="m", voices=Path()))
    with pytest.raises(RuntimeError, match="template: false"):
        CosyVoiceEngine().load(context)
