"""What workers may do, and what they know."""

import os
import pwd
import subprocess
from pathlib import Path

import httpx

from conftest import Serve
from fake_voice import speech
from server import BIN, clean_environment, espeak_engine, fake_engine, wait_until, write_configuration

LEAKS = {
    "AWS_SECRET_ACCESS_KEY": "cloud", "HF_TOKEN": "hub", "NVIDIA_API_KEY": "nim", "HTTPS_PROXY": "http://me:pw@proxy",
    "LISTEN_FDS": "0", "WATCHDOG_USEC": "1000000", "LD_PRELOAD": "", "MODEL": "/opt/model",
}  # fmt: skip


def environment_of(pid: int) -> dict[str, str]:
    """With which a process began."""
    entries = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(entry.split("=", 1) for entry in entries if entry)


def test_workers_know_nothing_that_is_not_theirs(serve: Serve) -> None:
    wrapper = ("env", *(f"{name}={value}" for name, value in LEAKS.items()))
    passing = fake_engine(name="passing") | {"pass_env": ["CLIENT_TEST_MARK", "MODEL"], "env": {"OWN": "1"}}
    server = serve(fake_engine(), passing, espeak_engine(), wrapper=wrapper)
    assert LEAKS.items() <= environment_of(server.process.pid).items()
    found = {each["id"]: environment_of(each["pid"]) for each in server.instances()}
    assert not LEAKS.keys() & found["fake-0"].keys()
    assert not LEAKS.keys() & found["espeak-0"].keys()
    assert LEAKS.keys() & found["passing-0"].keys() == {"MODEL"}
    assert found["passing-0"]["OWN"] == "1"
    assert found["fake-0"]["PATH"] == os.environ["PATH"]


def test_an_engine_may_run_as_another_user(serve: Serve, tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    if os.geteuid() != 0:
        configuration = write_configuration(tmp_path, [fake_engine(user="nobody")])
        for command in ("serve", "--config"), ("config", "check"):
            failed = subprocess.run(
                [str(BIN / "chorus"), *command, str(configuration)],
                env=clean_environment(),
                capture_output=True,
                text=True,
                check=False,
            )
            assert failed.returncode != 0
            assert "only root can start processes as somebody else" in failed.stderr
        return
    server = serve(fake_engine(user="nobody", name="guest"), fake_engine(name="own"), espeak_engine())
    users = {each["id"]: Path(f"/proc/{each['pid']}").stat().st_uid for each in server.instances()}
    assert users == {"guest-0": nobody, "own-0": 0, "espeak-0": 0}
    for model in "guest", "own":
        assert server.speak("Hello", model=model).content == speech("Hello")
    server.stop()


def test_a_user_whom_nobody_knows_is_a_mistake(tmp_path: Path) -> None:
    configuration = write_configuration(tmp_path, [fake_engine(user="no-such-user")])
    failed = subprocess.run(
        [str(BIN / "chorus"), "config", "check", str(configuration)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert failed.returncode != 0
    assert 'engines[0].user is "no-such-user", whom this system does not know' in failed.stderr


WORD = "zyzzogeton"
"""A word that nobody says but the test."""

UTTERANCES = {
    f"{WORD} is said": 200,
    f"{{stderr:the text is {WORD}}}Whatever": 200,
    f"{{error:{WORD}}}Whatever": 500,
    f"{{error:bad_request}}{WORD}": 400,
    f"{{note:dropped {WORD}}}Whatever": 200,
    f"{{stderr:{WORD}}}{{die}}": 422,
    f"{{garbage}}{WORD}": 503,
    f"{{oom}}{WORD}": 500,
    f"{WORD} " * 20_000: 400,
}
"""What may happen to a text, and its status."""


def test_nobody_reads_texts_in_the_log_or_in_metrics(serve: Serve) -> None:
    server = serve(fake_engine(instances=2), log={"level": "info", "format": "json"})
    for text, status in UTTERANCES.items():
        assert server.speak(text).status_code == status
        wait_until(server.is_at_full_strength, "the pool is at full strength")
    assert server.speak("Whatever", voice=WORD).status_code == 400
    assert server.speak("Whatever", model=WORD).status_code == 404
    assert httpx.get(f"{server.url}/{WORD}").status_code == 404
    assert WORD not in httpx.get(f"{server.url}/metrics").text
    server.stop()
    log = server.log.read_text()
    assert "A worker process ended." in log
    assert log.count("Request finished") >= len(UTTERANCES)
    assert WORD not in log


def test_what_a_worker_says_is_told_until_it_knows_texts_and_later_to_who_debugs(serve: Serve) -> None:
    script = f'echo "I load"; exec {BIN / "FakeWorker"} --uri "$0"'
    engine = {"name": "chatty", "command": ["/bin/sh", "-c", script, "{uri}"], "instances": 1}
    for level, is_told in ("info", False), ("debug", True):
        server = serve(engine, log={"level": level, "format": "json"})
        assert server.speak(f"{{stderr:{WORD}}}Whatever").status_code == 200
        server.stop()
        log = server.log.read_text()
        assert "I load" in log
        assert (WORD in log) == is_told
