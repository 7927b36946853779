"""Metrics are shown to whom the settings name, and to everybody else there are none."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.monitoring.metrics import metrics_route

LOOPBACK, ELSEWHERE = "127.0.0.1", "192.0.2.7"


def status(host: str, at: str = "http://127.0.0.1:8501", **headers: str) -> int:
    app = Starlette(routes=[metrics_route])
    client = TestClient(app, base_url=at, client=(host, 50_000))
    return client.get("/metrics", headers=headers).status_code


@pytest.fixture
def switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VALOR_METRICS", "1")


def test_unless_asked_for_there_are_none_not_even_on_loopback(monkeypatch):
    monkeypatch.setenv("VALOR_METRICS_TOKEN", "open-sesame")

    assert status(LOOPBACK) == status(LOOPBACK, authorization="Bearer open-sesame") == 404


@pytest.mark.usefixtures("switched_on")
def test_without_a_token_only_loopback_reads_them():
    assert status(LOOPBACK) == status("::1") == 200
    assert status(ELSEWHERE) == 404
    assert status(LOOPBACK, "https://valor.example") == 404, "by a proxy on this machine"


@pytest.mark.usefixtures("switched_on")
@pytest.mark.parametrize("host", [LOOPBACK, ELSEWHERE])
def test_with_a_token_its_bearer_alone_reads_them_wherever_from(monkeypatch, host):
    monkeypatch.setenv("VALOR_METRICS_TOKEN", "open-sesame")

    assert status(host, authorization="Bearer open-sesame") == 200
    for wrong in ("", "Bearer ", "Bearer open-sesam", "Bearer open-sesame2"):
        assert status(host, authorization=wrong) == 404
    assert status(host) == 404


@pytest.mark.usefixtures("switched_on")
def test_processes_that_share_a_folder_are_read_as_one(monkeypatch, tmp_path):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))

    assert status(LOOPBACK) == 200
