"""Every metric and the structured log, each defined once.

The types survive Prometheus' multiprocess mode (PROMETHEUS_MULTIPROC_DIR): counters and histograms
add up over processes, each gauge states how it does.
"""

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from prometheus_client import Counter, Gauge, Histogram

from valor_core.errors import AccessDenied, ValorError
from valor_core.redaction import Redactor

ACTS = Counter("valor_acts_total", "Acts and reads of the workbench.", ["act", "outcome"])
ACT_SECONDS = Histogram(
    "valor_act_seconds",
    "Seconds that an act or a read took, without its commit.",
    ["act"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
WRITER_WAIT_SECONDS = Histogram(
    "valor_writer_wait_seconds",
    "Seconds that an act waited for the embedded database's writer.",
    buckets=(0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10),
)
HTTP_REFUSED = Counter("valor_http_refused_total", "Requests refused before any route.", ["code"])
SIGN_INS = Counter("valor_sign_ins_total", "Sign-ins by their outcome.", ["outcome"])
JOB_RUNS = Counter("valor_job_runs_total", "Runs of scheduled jobs.", ["job", "outcome"])
JOBS_RUNNING = Gauge(
    "valor_jobs_running", "Jobs that run now.", ["job"], multiprocess_mode="livesum"
)
WEBHOOKS = Counter("valor_webhooks_total", "Billing webhooks by what became of them.", ["outcome"])
AUDIT_FINDINGS = Counter("valor_audit_findings_total", "Findings of audit verification.", ["kind"])

PROVIDER_CALLS = Counter(
    "valor_provider_calls_total",
    "Calls of data providers by how they went.",
    ["provider", "capability", "outcome"],
)
PROVIDER_SECONDS = Histogram(
    "valor_provider_seconds",
    "Seconds that a provider took.",
    ["provider", "capability"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
PROVIDER_CHANGES = Counter(
    "valor_provider_changes_total",
    "Changes of a provider's state, by the state that began.",
    ["provider", "capability", "state"],
)
ROUTED = Counter(
    "valor_routed_total",
    "Questions to data providers by the answer: fresh, stale, kept or none.",
    ["capability", "answer"],
)

RATE_LIMIT_ALLOWED = Counter("rate_limit_allowed", "Calls let through.", ["tenant", "user"])
RATE_LIMIT_BLOCKED = Counter(
    "rate_limit_blocked",
    "Calls above a rate limit; in shadow mode they were let through.",
    ["tenant", "user", "policy", "mode"],
)
RATE_LIMIT_SECONDS = Histogram(
    "rate_limit_seconds",
    "Seconds that it took to judge a call.",
    ["store"],
    buckets=(0.000005, 0.00001, 0.000025, 0.0001, 0.0005, 0.0025, 0.01, 0.05, 0.25, 1),
)
QUOTA_SUCCESS = Counter("quota_increment_success", "Acts charged to a quota.", ["tenant", "meter"])
QUOTA_FAILURE = Counter(
    "quota_increment_failure", "Acts refused because a quota is used up.", ["tenant", "meter"]
)

_REDACTOR = Redactor(os.urandom(32))  # pseudonyms of a log last as long as its process


@contextmanager
def timed(act: str) -> Iterator[None]:
    """Counts one act with its outcome and seconds."""
    began, outcome = time.perf_counter(), "failed"
    try:
        yield
        outcome = "done"
    except AccessDenied:
        outcome = "denied"
        raise
    except ValorError as error:
        outcome = error.code
        raise
    finally:
        ACTS.labels(act, outcome).inc()
        ACT_SECONDS.labels(act).observe(time.perf_counter() - began)


def _redacted(_logger: object, _method: str, event: structlog.typing.EventDict) -> dict:
    """The last step before a line leaves: nothing secret or personal stands in a log."""
    clean = _REDACTOR.value(dict(event))
    assert isinstance(clean, dict)
    return clean


def start_logging(level: str) -> None:
    """Structured lines of this level and above on standard error, redacted."""
    least = getattr(logging, level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redacted,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


log = structlog.get_logger()
