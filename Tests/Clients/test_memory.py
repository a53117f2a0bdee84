"""How many instances there are, and that they never need more memory than there is."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import Serve
from fake_voice import speech
from gpus import GIBIBYTE, FakeGPUs
from server import BIN, Server, clean_environment, fake_engine, wait_until

MEBIBYTE = 1 << 20


def settled(server: Server, instances: int) -> None:
    """Waits for so many instances, and checks that there are no more when the memory has been read some times."""
    wait_until(lambda: sum(engine["ready"] for engine in server.pool()["engines"]) == instances, f"{instances} serve")
    readings = [server.pool()["devices"] for _ in range(300)]
    assert max(sum(device["instances"] for device in devices) for devices in readings) == instances


def test_auto_is_as_many_as_the_gpus_hold(serve: Serve, tmp_path: Path) -> None:
    gpus = FakeGPUs(tmp_path / "gpus", 24 * GIBIBYTE, 24 * GIBIBYTE)
    gpus.use(1, 20 * GIBIBYTE)
    engine = gpus.engine()
    server = serve(engine, until_loaded=False, libraries=gpus.directory)
    # 24 GiB less 5 %: three of 4 GiB and 2 GiB more each. Of the other one nothing is left for one.
    settled(server, 3)
    gpu, full = server.pool()["devices"]
    assert (gpu["model"], gpu["instances"], full["instances"]) == ("Fake RTX", 3, 0)
    memory = gpu["memory"]
    assert memory["capacity_bytes"] == 24 * GIBIBYTE
    assert memory["room_bytes"] == memory["capacity_bytes"] - sum(
        memory[kind] for kind in ("foreign_bytes", "charged_bytes", "reserve_bytes")
    )
    texts = [f"Number {number} of thirty." for number in range(30)]
    with ThreadPoolExecutor(len(texts)) as pool:
        for text, answer in zip(texts, pool.map(server.speak, texts), strict=True):
            assert answer.raise_for_status().content == speech(text)
    server.stop()

    measured = json.loads((tmp_path / "server-0" / "state" / "measured.json").read_text())
    [entry] = measured["entries"]
    assert (entry["engine"], entry["device_model"]) == ("fake", "Fake RTX")
    assert entry["figures"]["floorBytes"] == 4 * GIBIBYTE


def test_auto_on_the_host_stays_within_its_limit(serve: Serve) -> None:
    flags = ("--floor-bytes", str(100 * MEBIBYTE), "--bytes-per-unit", str(MEBIBYTE // 4))
    engine = fake_engine(*flags, max_running="auto") | {"instances": {"min": 1, "max": 8}}
    server = serve(engine, until_loaded=False, memory={"host_limit": "300MiB", "reserve": "50MiB"})
    # 250 MiB for instances of about 110 and 60 MiB more for the largest text: one, however many cores there are.
    settled(server, 1)


def test_a_part_that_can_never_fit_is_refused(serve: Serve) -> None:
    flags = ("--floor-bytes", str(100 * MEBIBYTE), "--bytes-per-unit", str(MEBIBYTE))
    engine = fake_engine(*flags) | {"instances": {"min": 1, "max": 8}}
    server = serve(engine, until_loaded=False, memory={"host_limit": "300MiB", "reserve": "50MiB"})
    wait_until(lambda: server.pool()["engines"][0]["ready"] == 1, "one serves")
    assert server.speak("Short.").raise_for_status().content == speech("Short.")
    answer = server.speak("An endless sentence of many many words " * 6)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("text_too_large", "input")
    assert "MiB" in error["message"]


@pytest.mark.parametrize("priority", ["interactive", "default", "bulk"])
def test_a_request_may_say_how_urgent_it_is(fake_server: Server, priority: str) -> None:
    answer = fake_server.speak("Urgent or not.", priority=priority)
    assert answer.raise_for_status().content == speech("Urgent or not.")


def test_an_unknown_priority_is_refused(fake_server: Server) -> None:
    answer = fake_server.speak("Now!", priority="yesterday")
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "priority"
    assert "bulk" in answer.json()["error"]["message"]


def test_doctor_and_status_show_the_devices(serve: Serve, tmp_path: Path) -> None:
    gpus = FakeGPUs(tmp_path / "gpus", 24 * GIBIBYTE)
    environment = {**clean_environment(), "LD_LIBRARY_PATH": str(gpus.directory)}
    doctor = subprocess.run(
        [str(BIN / "chorus"), "doctor"], env=environment, capture_output=True, text=True, check=False
    )
    assert "memory of cuda:0" in doctor.stdout
    assert "Fake RTX: 24576 of 24576 MiB are free" in doctor.stdout
    server = serve(gpus.engine(), until_loaded=False, libraries=gpus.directory)
    settled(server, 3)
    status = subprocess.run(
        [str(BIN / "chorus"), "status", "--url", server.url], capture_output=True, text=True, check=True
    ).stdout
    assert "Fake RTX" in status
    assert "0 of 3 fake" in status


def test_the_plan_is_what_the_server_found(serve: Serve, tmp_path: Path) -> None:
    gpus = FakeGPUs(tmp_path / "gpus", 24 * GIBIBYTE)
    server = serve(gpus.engine(), until_loaded=False, libraries=gpus.directory)
    settled(server, 3)
    server.stop()
    plan = subprocess.run(
        [str(BIN / "chorus"), "plan", "--config", str(tmp_path / "server-0" / "chorus.yaml"), "--json"],
        env={**clean_environment(), "LD_LIBRARY_PATH": str(gpus.directory)},
        capture_output=True,
        text=True,
        check=True,
    )
    [device] = json.loads(plan.stdout)["devices"]
    [share] = device["shares"]
    assert (device["name"], device["total_bytes"]) == ("cuda:0", 24 * GIBIBYTE)
    assert (share["engine"], share["instances"], share["instance_bytes"]) == ("fake", 3, 12 * GIBIBYTE)
