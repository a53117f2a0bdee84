"""HTTPS: with the certificate that is valid, and never without one that works."""

import http.client
import signal
import ssl
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from conftest import Serve
from fake_voice import listen, speech
from raw import SMALL_BUFFER, connect, read_to_end, speech_request
from server import BIN, Server, clean_environment, fake_engine, wait_until, write_configuration
from texts import sentences

TEXT = "Nobody else hears this"


@dataclass(frozen=True)
class Authority:
    """Vouches for servers on the loopback address."""

    directory: Path

    @property
    def certificate(self) -> Path:
        """What its clients trust."""
        return self.directory / "ca.pem"

    def trust(self) -> ssl.SSLContext:
        """What a client has who trusts it and nobody else."""
        return ssl.create_default_context(cafile=self.certificate)

    def issue(self, certificate: Path, key: Path) -> str:
        """Writes a certificate and its key, and returns the number that is in it."""
        own = ["-CA", str(self.certificate), "-CAkey", str(self.directory / "ca.key")]
        extensions = ["subjectAltName=IP:127.0.0.1,DNS:localhost", "basicConstraints=critical,CA:FALSE"]
        _openssl_req(certificate, key, "localhost", extensions, *own)
        serial = _openssl("x509", "-in", str(certificate), "-noout", "-serial")
        return serial.strip().rpartition("=")[2]


def _openssl(*arguments: str) -> str:
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True, timeout=60).stdout


def _openssl_req(certificate: Path, key: Path, name: str, extensions: list[str], *more: str) -> None:
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    additions = [word for extension in extensions for word in ("-addext", extension)]
    files = ["-keyout", str(key), "-out", str(certificate)]
    _openssl("req", "-x509", *curve, "-days", "2", "-subj", f"/CN={name}", *additions, *files, *more)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """An authority of a test's own."""
    one = Authority(tmp_path)
    _openssl_req(one.certificate, tmp_path / "ca.key", "Tests", ["keyUsage=critical,keyCertSign"])
    return one


@dataclass(frozen=True)
class Files:
    """Where a server's certificate and key are."""

    certificate: Path
    key: Path

    def setting(self) -> dict[str, str]:
        """As the configuration has it."""
        return {"certificate": str(self.certificate), "key": str(self.key)}


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Where they are to be; nothing is there yet."""
    return Files(tmp_path / "server.pem", tmp_path / "server.key")


def number(server: Server, authority: Authority) -> str:
    """The number of the certificate that a new connection gets."""
    with (
        connect(server) as plain,
        authority.trust().wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        certificate = secured.getpeercert()
    assert certificate is not None
    return str(certificate["serialNumber"])


def speak(server: Server, authority: Authority, text: str = TEXT) -> bytes:
    """The pcm of a text."""
    body = {"input": text, "response_format": "pcm"}
    answer = httpx.post(f"{server.url}/v1/audio/speech", json=body, verify=authority.trust(), timeout=60)
    return answer.raise_for_status().content


def test_who_trusts_the_authority_is_served(serve: Serve, authority: Authority, files: Files) -> None:
    serial = authority.issue(files.certificate, files.key)
    server = serve(fake_engine(), tls=files.setting())
    assert server.url.startswith("https://")
    assert speak(server, authority) == speech(TEXT)
    assert number(server, authority) == serial
    with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
        httpx.get(f"{server.url}/health/live")


def test_streams_come_as_they_are_made(serve: Serve, authority: Authority, files: Files) -> None:
    authority.issue(files.certificate, files.key)
    text = "{pace:100} and so on for quite a while until somebody comes"
    server = serve(fake_engine(), tls=files.setting())
    with httpx.stream(
        "POST",
        f"{server.url}/v1/audio/speech",
        json={"input": text, "response_format": "pcm"},
        verify=authority.trust(),
    ) as answer:
        pieces = answer.iter_bytes()
        audio = next(pieces)
        assert not server.is_idle(), "all came at the end"
        audio += b"".join(pieces)
    assert listen(audio, text).whole


def test_who_speaks_no_tls_is_turned_away(serve: Serve, authority: Authority, files: Files) -> None:
    authority.issue(files.certificate, files.key)
    server = serve(fake_engine(), tls=files.setting())
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{server.port}/health/live", timeout=10)
    with connect(server) as silent:
        assert speak(server, authority) == speech(TEXT), "who says nothing holds up nobody"
        silent.sendall(bytes(1000))
        read_to_end(silent)
    assert speak(server, authority) == speech(TEXT)


def test_a_new_certificate_is_shown_without_breaking_a_stream(serve: Serve, authority: Authority, files: Files) -> None:
    first = authority.issue(files.certificate, files.key)
    text = "{pace:300} is what this one says and it takes its time"
    server = serve(fake_engine(), tls=files.setting())
    with closing(
        http.client.HTTPSConnection("127.0.0.1", server.port, timeout=60, context=authority.trust())
    ) as connection:
        connection.request("POST", "/v1/audio/speech", f'{{"input": "{text}", "response_format": "pcm"}}')
        response = connection.getresponse()
        audio = response.read(1)
        second = authority.issue(files.certificate, files.key)
        assert number(server, authority) == first, "nobody has told it"
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: number(server, authority) == second, "new connections get the new one")
        assert not server.is_idle(), "the stream was over too soon to tell"
        audio += response.read()
        assert listen(audio, text).whole
        connection.request("GET", "/health/live")
        assert connection.getresponse().status == 200, "the connection goes on with what it has"


@pytest.mark.parametrize("trouble", ["certificate", "key", "another key", "missing"])
def test_files_that_are_no_good_are_not_taken(serve: Serve, authority: Authority, files: Files, trouble: str) -> None:
    serial = authority.issue(files.certificate, files.key)
    server = serve(fake_engine(), tls=files.setting())
    culprit = break_file(files, authority, trouble)
    server.rewrite(limits={"max_input": 5})
    answer = server.administer("POST", "/v1/pool/reload")
    assert answer.status_code == 400
    assert str(culprit) in answer.json()["error"]["message"]
    assert number(server, authority) == serial
    assert speak(server, authority) == speech(TEXT), "nothing else has changed either"
    serial = authority.issue(files.certificate, files.key)
    assert server.reload()["applied"] == ["limits.max_input"]
    assert number(server, authority) == serial


def break_file(files: Files, authority: Authority, trouble: str) -> Path:
    """Makes one of the files useless, and returns which."""
    match trouble:
        case "certificate":
            files.certificate.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
            return files.certificate
        case "key":
            files.key.write_text("")
        case "another key":
            authority.issue(files.certificate.with_name("other.pem"), files.key)
        case _:
            files.certificate.unlink()
            return files.certificate
    return files.key


@pytest.mark.parametrize("trouble", ["certificate", "key", "another key", "missing"])
def test_no_server_starts_with_files_that_are_no_good(
    tmp_path: Path, authority: Authority, files: Files, trouble: str
) -> None:
    authority.issue(files.certificate, files.key)
    culprit = break_file(files, authority, trouble)
    ended = serve_to_its_end(write_configuration(tmp_path, [fake_engine()], tls=files.setting()))
    assert ended.returncode != 0
    assert str(culprit) in ended.stderr
    assert "Listening" not in ended.stdout


def test_a_certificate_without_a_key_is_a_mistake(tmp_path: Path, files: Files) -> None:
    ended = serve_to_its_end(
        write_configuration(tmp_path, [fake_engine()], tls={"certificate": str(files.certificate)})
    )
    assert ended.returncode != 0
    assert "tls.key" in ended.stderr


def serve_to_its_end(configuration: Path) -> subprocess.CompletedProcess[str]:
    """Runs a server that is not to start."""
    return subprocess.run(
        [str(BIN / "chorus"), "serve", "--config", str(configuration)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_reader_that_takes_nothing_is_cut_off(serve: Serve, authority: Authority, files: Files) -> None:
    authority.issue(files.certificate, files.key)
    server = serve(fake_engine(), tls=files.setting(), limits={"write_stall": "1s"})
    with (
        connect(server, buffer=SMALL_BUFFER) as plain,
        authority.trust().wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(speech_request(sentences(60)))
        wait_until(lambda: server.has_logged("write_stalled"), "it is cut off", limit=10)
        wait_until(server.is_idle, "it holds no instance")
    assert speak(server, authority) == speech(TEXT)
