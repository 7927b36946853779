"""`valor notebook`: the examples in place, for this machine alone, and a token in front."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
import pytest

from app.notebooks import bring_examples
from valor_core.errors import BadInput
from valor_core.settings import ROOT

TOURS = {each.name for each in (ROOT / "notebooks").glob("*_tour.ipynb")}


def test_there_are_examples_of_more_than_five_kinds():
    assert len(TOURS) >= 5


def test_examples_are_brought_once_and_what_somebody_wrote_stays(tmp_path: Path):
    folder = tmp_path / "mine"

    assert set(bring_examples(folder)) == TOURS
    (folder / "lbo_tour.ipynb").write_text("my own")
    (folder / "dcf.ipynb").write_text("mine")
    (folder / "credit_tour.ipynb").unlink()

    assert bring_examples(folder) == ["credit_tour.ipynb"]
    assert (folder / "lbo_tour.ipynb").read_text() == "my own"
    assert (folder / "dcf.ipynb").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").touch()

    with pytest.raises(BadInput, match="cannot be put into"):
        bring_examples(tmp_path / "file" / "mine")


def answers(host: str, address: str) -> bool:
    """Whether something listens there on the port of the address."""
    with socket.socket() as asking:
        return asking.connect_ex((host, httpx2.URL(address).port)) == 0


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[psutil.Process, str, str]]:
    """Its process, its address and its token, for somebody whose own settings ask for neither."""
    folder = tmp_path_factory.mktemp("lab")
    careless = "c.IdentityProvider.token = ''\nc.ServerApp.ip = '0.0.0.0'\n"
    (folder / ".jupyter").mkdir()
    (folder / ".jupyter" / "jupyter_server_config.py").write_text(careless)
    command = ["-m", "app.cli", "notebook", "--no-browser", "--port", "0",
               "--folder", str(folder / "mine")]  # fmt: skip
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "HOME": str(folder), "VALOR_URL": "http://127.0.0.1:1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        told = ""
        while not (found := re.search(r"(http://127\.0\.0\.1:\d+)/lab\?token=(\S+)", told)):
            line = process.stdout.readline()
            assert line, told
            told += line
        while not answers("127.0.0.1", found[1]) and process.poll() is None:  # it tells early
            time.sleep(0.05)
        yield psutil.Process(process.pid), found[1], found[2]
        process.send_signal(signal.SIGTERM)
        process.communicate()


def test_it_listens_at_one_address_alone_and_shows_no_token_to_its_neighbours(lab):
    process, address, token = lab

    assert answers("127.0.0.1", address)
    assert not answers("127.0.0.2", address)
    assert token not in " ".join(process.cmdline())


def test_nobody_comes_in_without_the_token(lab):
    _, address, token = lab

    def contents(**headers: str) -> httpx2.Response:
        return httpx2.get(f"{address}/api/contents", headers=headers, trust_env=False)

    assert contents().status_code == 403
    told = contents(Authorization=f"token {token}").json()
    assert {each["name"] for each in told["content"]} == TOURS


def test_a_kernel_of_the_product_is_in_place(lab):
    _, address, token = lab

    told = httpx2.get(
        f"{address}/api/kernelspecs", headers={"Authorization": f"token {token}"}, trust_env=False
    ).json()

    assert told["default"] in told["kernelspecs"]
