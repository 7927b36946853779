"""Every setting once: its name, default and meaning. Read from the environment when asked for."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from valor_core.errors import ValorError

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the whole installation."""

    name: str
    default: str
    help: str
    secret: bool = False
    choices: tuple[str, ...] = ()


class BadSetting(ValorError):
    """A setting whose value cannot be used."""

    code, status = "bad_setting", 500

    def __init__(self, name: str, shown: str, *, problem: str, hint: str) -> None:
        super().__init__(f"{name} is {shown!r}, which {problem}.", hint=hint)


SETTINGS = (
    Setting(
        "VALOR_HOME", ".valor", "Folder of the embedded database, secrets, snapshots, reports."
    ),
    Setting("VALOR_DB_PATH", "", "File of the embedded database; `valor.sqlite` in VALOR_HOME."),
    Setting("DB_URL", "", "Postgres to serve from, instead of the embedded database.", secret=True),
    Setting(
        "DB_MIGRATE_URL", "", "Login of the owner that migrates; DB_URL if empty.", secret=True
    ),
    Setting("AUDIT_HMAC_SECRET", "", "Key of the audit chain; made in VALOR_HOME if empty.", True),
    Setting(
        "AUDIT_SIGNING_SECRET",
        "",
        "Key that signs the audit log's checkpoints; made in VALOR_HOME if empty.",
        True,
    ),
    Setting(
        "VALOR_CHECKPOINTS",
        "",
        "Folder of the checkpoints outside the database; `checkpoints` in VALOR_HOME if empty.",
    ),
    Setting(
        "VALOR_PROVIDER_SECRET",
        "",
        "Seals tenants' keys of data providers; made in VALOR_HOME if empty.",
        secret=True,
    ),
    Setting(
        "VALOR_SNAPSHOTS",
        "",
        "Bucket that keeps the files of snapshots, such as `s3://bucket/folder`; the folder "
        "`snapshots` in VALOR_HOME alone if empty.",
        secret=True,
    ),
    Setting(
        "VALOR_SNAPSHOTS_KEPT_DAYS",
        "400",
        "After how many days a snapshot may be cleared away that no hold and no report keeps.",
    ),
    Setting(
        "VALOR_API_KEY",
        "",
        "Your own API key, of the scope `decide`: in its owner's name `valor holds`, `valor access "
        "give` and `valor access refuse` act.",
        secret=True,
    ),
    Setting("VALOR_KEY_PEPPER", "", "Pepper of the API keys; made in VALOR_HOME if empty.", True),
    Setting(
        "BILLING_WEBHOOK_SECRETS",
        "",
        "Secrets that may sign billing webhooks, by commas; made in VALOR_HOME if empty.",
        secret=True,
    ),
    Setting(
        "VALOR_DATA_CONTACT",
        "",
        "Who asks, as providers see it: a name and an e-mail. The SEC answers nobody without.",
    ),
    Setting(
        "VALOR_DATA_LOOPBACK",
        "",
        "`1` lets data providers stand on this machine, for tests and the demonstration.",
    ),
    Setting("VALOR_SEC_URL", "https://www.sec.gov", "Where the SEC lists who has which ticker."),
    Setting("VALOR_SEC_DATA_URL", "https://data.sec.gov", "Where the SEC tells what was filed."),
    Setting("VALOR_FRED_URL", "https://api.stlouisfed.org", "Where FRED answers."),
    Setting("VALOR_FRED_KEY", "", "Key of FRED for tenants that have none of their own.", True),
    Setting("VALOR_FMP_URL", "https://financialmodelingprep.com", "Where FMP answers."),
    Setting("VALOR_FMP_KEY", "", "Key of FMP for tenants that have none of their own.", True),
    Setting("VALOR_TIINGO_URL", "https://api.tiingo.com", "Where Tiingo answers."),
    Setting("VALOR_TIINGO_KEY", "", "Key of Tiingo for tenants that have none of their own.", True),
    Setting("VALOR_ALPACA_URL", "https://data.alpaca.markets", "Where Alpaca answers."),
    Setting("VALOR_ALPACA_STREAM_URL", "wss://stream.data.alpaca.markets", "Where Alpaca streams."),
    Setting("VALOR_ALPACA_KEY", "", "`id:secret` of Alpaca for tenants without their own.", True),
    Setting("VALOR_ECB_URL", "https://data-api.ecb.europa.eu", "Where the ECB answers."),
    Setting("VALOR_MARKET_SYMBOL", "SPY", "Ticker of the market against which betas are measured."),
    Setting("VALOR_DATA_FOLDER", "", "Folder of tables that are a data provider of one's own."),
    Setting("VALOR_SESSION_IDLE_HOURS", "8", "Hours without a deed after which a sign-in is over."),
    Setting("VALOR_SESSION_HOURS", "24", "Hours after which a sign-in is over in any case."),
    Setting(
        "VALOR_BASE_URL",
        "",
        "Address that people open; single sign-on needs it.",
    ),
    Setting(
        "VALOR_TRUSTED_PROXIES",
        "",
        "Addresses of proxies, by commas: their X-Forwarded-For counts.",
    ),
    Setting("OIDC_ISSUER", "", "Issuer of the identity provider; none, no single sign-on."),
    Setting("OIDC_CLIENT_ID", "", "How the identity provider calls this installation."),
    Setting(
        "OIDC_CLIENT_SECRET",
        "",
        "Secret of the client; empty for a public one.",
        True,
    ),
    Setting("OIDC_CLIENT_SECRET_FILE", "", "File with that secret, which only its owner reads."),
    Setting(
        "OIDC_GROUPS_CLAIM",
        "groups",
        "Claim of the ID token with a person's groups.",
    ),
    Setting("OIDC_SCOPES", "openid profile email", "What the identity provider is asked for."),
    Setting("OIDC_NAME", "single sign-on", "What the button calls the identity provider."),
    Setting("VALOR_METRICS", "", "`1` serves /metrics, to loopback or to who shows the token."),
    Setting("VALOR_METRICS_TOKEN", "", "Bearer token of /metrics for callers off loopback.", True),
    Setting("PROMETHEUS_MULTIPROC_DIR", "", "Folder in which several processes share metrics."),
    Setting(
        "VALOR_LOG",
        "info",
        "Least level that is logged: debug, info, warning, error.",
        choices=("debug", "info", "warning", "error"),
    ),
    Setting(
        "VALOR_RATE_LIMITS",
        "enforce",
        "`shadow` counts in the metrics what would be refused, and refuses nothing.",
        choices=("enforce", "shadow"),
    ),
    Setting(
        "VALOR_RATE_LIMIT_STORE",
        "memory",
        "Where the buckets are kept: `database` where several processes share one limit.",
        choices=("memory", "database"),
    ),
    Setting(
        "VALOR_ADMINS_SET_LIMITS",
        "embedded",
        "Whether administrators change the own plan and raise the own limits and features: `yes`,"
        " `no`, or `embedded`, which is yes as long as the data are in the embedded database.",
        choices=("embedded", "yes", "no"),
    ),
    Setting(
        "VALOR_EXECUTOR",
        "process",
        "Where batches and large simulations run: `serial`, `process` (this machine's processes), "
        "or a Dask scheduler such as `dask:tcp://scheduler:8786`.",
    ),
    Setting(
        "VALOR_URL",
        "",
        "Server that `vc.open()` means in a notebook; this machine if empty.",
    ),
    Setting("VALOR_KEY", "", "API key with which a notebook opens the server.", secret=True),
    Setting(
        "VALOR_JOBS",
        "here",
        "Who does jobs and reports: `here`, each `valor serve` itself; `worker`, only processes "
        "of `valor worker`.",
        choices=("here", "worker"),
    ),
    Setting(
        "VALOR_CHROMIUM",
        "",
        "Browser that prints reports to PDF; the one on the PATH if empty; `none` makes no PDF.",
    ),
    Setting(
        "VALOR_DELIVERY_FOLDER",
        "",
        "Folder in which tenants may have reports laid down, each in a folder of its own; none if "
        "empty.",
    ),
    Setting(
        "VALOR_SMTP",
        "",
        "Mail server that sends reports: `smtps://user:password@host`, or `smtp://` for STARTTLS; "
        "no e-mail is sent if empty.",
        secret=True,
    ),
    Setting("VALOR_SMTP_FROM", "", "Address that sends reports, such as valor@example.com."),
    Setting("VALOR_TENANT_CALLS_PER_MINUTE", "12000", "API calls a minute of a whole tenant."),
    Setting("VALOR_TENANT_CALLS_BURST", "4000", "API calls of a whole tenant at once."),
    Setting("VALOR_USER_CALLS_PER_MINUTE", "6000", "API calls a minute of a user or a key."),
    Setting("VALOR_USER_CALLS_BURST", "2000", "API calls of a user or a key at once."),
    Setting(
        "VALOR_STRANGER_CALLS_PER_MINUTE",
        "600",
        "Calls a minute of a network without a valid sign-in.",
    ),
    Setting(
        "VALOR_STRANGER_CALLS_BURST",
        "1200",
        "Calls of a network without a valid sign-in at once.",
    ),
    Setting("VALOR_VALUATIONS_PER_MONTH", "100000", "Saved valuations a month of a tenant."),
    Setting("VALOR_IMPORTS_PER_MONTH", "10000", "Imported documents a month of a tenant."),
    Setting("VALOR_SNAPSHOTS_PER_MONTH", "10000", "Published snapshots a month of a tenant."),
    Setting("VALOR_REPORTS_PER_MONTH", "10000", "Reports a month of a tenant."),
    Setting("VALOR_WORKBOOK_AUDITS_PER_MONTH", "10000", "Audited workbooks a month of a tenant."),
    Setting("VALOR_SIMULATIONS_PER_MONTH", "100000", "Simulations a month of a tenant."),
    Setting("VALOR_BATCHES_PER_MONTH", "10000", "Batches of valuations a month of a tenant."),
)

_DECLARED = {each.name: each for each in SETTINGS}


def setting(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """The value of a declared setting; an undeclared name is a bug."""
    declared = _DECLARED[name]
    value = environment.get(name, "").strip() or declared.default
    if declared.choices and value.lower() not in declared.choices:
        raise BadSetting(
            name,
            value,
            problem="is not one of its values",
            hint=f"Choose one of {', '.join(declared.choices)}.",
        )
    return value


def whole_number(name: str, environment: Mapping[str, str] = os.environ, *, most: int) -> int:
    """The value of a setting that is a number from 1 up."""
    value = setting(name, environment)
    if not (value.isascii() and value.isdigit() and len(value) < 20 and 0 < int(value) <= most):
        raise BadSetting(
            name,
            value,
            problem=f"is no whole number from 1 to {most}",
            hint="Write digits alone, without a sign, a point or a blank.",
        )
    return int(value)


def home(environment: Mapping[str, str] = os.environ) -> Path:
    """The installation's own folder; a relative one lies below the checkout."""
    return ROOT / setting("VALOR_HOME", environment)
