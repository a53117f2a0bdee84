"""The command line, as people and scripts use it."""

import json
from pathlib import Path

import pytest

from audio import decode_file, seconds
from server import Server, chorus, espeak_engine, fake_engine, write_configuration


@pytest.mark.parametrize(
    "command", [[], ["serve"], ["speak"], ["status"], ["config", "check"], ["config", "show"], ["doctor"]]
)
def test_every_command_has_help(command: list[str]) -> None:
    done = chorus(*command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "USAGE" in done.stdout


def test_speak_makes_a_file_and_says_how_fast(tmp_path: Path) -> None:
    file = tmp_path / "hello.mp3"
    done = chorus("speak", "Hello from a chorus of voices.", "-o", str(file))
    assert done.returncode == 0, done.stderr
    assert seconds(decode_file(file)) > 1
    assert "rtf" in (done.stdout + done.stderr).lower()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([""], "Error: The text is empty: there is nothing to say.\n"),
        (["-"], "Error: The text is empty: there is nothing to say.\n"),
        (["Hello.", "--voice", "nope"], "Error: Engine 'espeak' has no voice 'nope'. There are, for example: "),
        (["Hello.", "--model", "nope"], "Error: There is no model nope. There are: espeak, "),
        (["Hello. " * 99, "-o", "/dev/full"], "Error: Could not write /dev/full: No space left on device.\n"),
        (["Hello.", "-o", "/nowhere/a.wav"], "Error: Could not write /nowhere/a.wav: No such file or directory.\n"),
    ],
)
def test_what_cannot_be_spoken_is_told_in_a_sentence(arguments: list[str], message: str) -> None:
    output = [] if "-o" in arguments else ["-o", "/dev/null"]
    done = chorus("speak", *arguments, *output, "--format", "wav")
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_an_engine_that_cannot_be_loaded_ends_speak_with_its_last_words(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo no weights here >&2; exit 3", "{uri}"]
    file = write_configuration(tmp_path, [{"name": "broken", "command": command}])
    done = chorus("speak", "Hello.", "-o", str(tmp_path / "a.wav"), "--config", str(file))
    assert done.returncode == 1
    assert "Error: Engine 'broken' cannot be loaded" in done.stderr
    assert "no weights here" in done.stderr
    assert not (tmp_path / "a.wav").exists()


def test_status_is_json_for_programs_and_a_table_for_people(fake_server: Server) -> None:
    done = chorus("status", "--url", fake_server.url, "--json")
    assert done.returncode == 0, done.stderr
    assert {instance["id"] for instance in json.loads(done.stdout)["instances"]} == {"fake-0", "fake-1"}
    assert "fake-1" in chorus("status", "--url", fake_server.url).stdout


def test_status_of_nobody_is_an_error() -> None:
    done = chorus("status", "--url", "http://127.0.0.1:1")
    assert done.returncode != 0
    assert "127.0.0.1:1" in done.stderr


def test_a_good_configuration_passes(tmp_path: Path) -> None:
    file = write_configuration(tmp_path, [fake_engine()])
    for arguments in [[str(file)], ["--config", str(file)]]:
        checked = chorus("config", "check", *arguments)
        assert checked.returncode == 0, checked.stderr
        assert f"{file} is valid" in checked.stdout
    shown = chorus("config", "show", "--config", str(file))
    assert shown.returncode == 0
    assert "FakeWorker" in shown.stdout


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("enginez: []", "enginez"),
        ("queue: { max_jobs: many }", "max_jobs"),
        ("engines: [{ name: a, builtin: nope }]", "nope"),
    ],
)
def test_a_bad_configuration_is_refused_with_its_line(tmp_path: Path, line: str, word: str) -> None:
    file = tmp_path / "chorus.yaml"
    file.write_text(f"# Two good lines first.\nlisten: 127.0.0.1:0\n{line}\n")
    done = chorus("config", "check", str(file))
    assert done.returncode != 0
    assert f"{file}:3" in done.stderr
    assert word in done.stderr
    assert chorus("serve", "--config", str(file)).returncode != 0


def test_doctor_finds_this_machine_well(tmp_path: Path) -> None:
    done = chorus("doctor", "--config", str(write_configuration(tmp_path, [espeak_engine()])))
    assert done.returncode == 0, done.stdout + done.stderr
