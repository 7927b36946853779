"""Where the settings keep the buckets, and what they do with whom is above the limit."""

import pytest
from prometheus_client import REGISTRY

from valor_core.tenancy import metric_labels
from valor_core.tenancy.call_limits import call_limits
from valor_core.tenancy.metric_labels import label
from valor_core.workbench.verb import the_store


@pytest.fixture(autouse=True)
def _three_calls(monkeypatch):
    monkeypatch.setenv("VALOR_USER_CALLS_PER_MINUTE", "1")
    monkeypatch.setenv("VALOR_USER_CALLS_BURST", "3")


def test_buckets_in_the_database_are_one_for_all_processes(acme, monkeypatch):
    monkeypatch.setenv("VALOR_RATE_LIMIT_STORE", "database")
    one, other = call_limits(the_store()), call_limits(the_store())

    told = [limits.take(acme.viewer) for limits in (one, other, one, other)]

    assert [verdict.binding.remaining for verdict in told] == [2, 1, 0, 0]
    assert [verdict.allowed for verdict in told] == [True, True, True, False]
    assert one.take(acme.analyst).allowed
    assert one.waits(acme.viewer)


def test_buckets_in_memory_are_of_one_process_and_ask_no_database_twice(acme):
    one, other = call_limits(the_store()), call_limits(the_store())
    assert one.waits(acme.viewer)

    assert [one.take(acme.viewer).allowed for _ in range(4)] == [True, True, True, False]
    assert other.take(acme.viewer).allowed
    assert not one.waits(acme.viewer)


def test_how_long_it_took_to_judge_a_call_is_counted_in_seconds(acme):
    def so_far() -> float:
        return REGISTRY.get_sample_value("rate_limit_seconds_sum", {"store": "memory"}) or 0.0

    limits = call_limits(the_store())
    limits.take(acme.viewer)
    before = so_far()
    limits.take(acme.viewer)

    assert 0 < so_far() - before < 60


def test_in_shadow_mode_nobody_is_refused(acme, monkeypatch):
    monkeypatch.setenv("VALOR_RATE_LIMITS", "shadow")
    limits = call_limits(the_store())

    assert all(limits.take(acme.viewer).allowed for _ in range(9))


def test_metrics_name_so_many_tenants_and_users_and_no_more(monkeypatch):
    monkeypatch.setattr(metric_labels, "_known", {})
    monkeypatch.setattr(metric_labels, "MOST", 2)

    first, second, third = (label(name) for name in ("acme", "acme|anna", "rival"))

    assert (label("acme"), label("acme|anna"), third) == (first, second, "other")
    assert len({first, second, third}) == 3
    assert "acme" not in first
