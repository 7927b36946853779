"""Sends reports, and news of schedules that fail, and tells in words why one has not arrived.

A try that was cut off is made again: a folder is then found as it was laid down, and a mail and a
webhook carry the same id, by which whoever receives them knows what came before.
"""

import hashlib
import json
import mimetypes
import shutil
import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from jobs.schedule import title_of
from valor_core.billing.signatures import signed
from valor_core.coverage.deliveries import Kind
from valor_core.coverage.job_runs import JobRun
from valor_core.coverage.report_parameters import is_report
from valor_core.market.posting import post
from valor_core.settings import setting
from valor_core.store.engines import Store
from valor_core.telemetry import JOB_RUNS, log
from valor_core.values import Caller, Role, TenantId, utc_now
from valor_core.workbench import deliveries
from valor_core.workbench.deliveries import Parcel
from valor_core.workbench.report_verifying import ANSWERS
from valor_core.workbench.verb import open_work

ATTACHED_MAX = 15_000_000
SMTP_WITHIN_S = 20
MAIL_FAILS: dict[type[Exception], str] = {
    smtplib.SMTPRecipientsRefused: "the mail server refuses the address",
    smtplib.SMTPNotSupportedError: "the mail server offers no encryption",
    ssl.SSLError: "the mail server's certificate cannot be trusted",
}
TELL_NO_MORE = (
    "Run {run.id}. To have it sent no more, change its schedule on the page Reports, that of a "
    "standing job on the page Jobs."
)
NEVER_SENT = ("input.json", "executed.ipynb", ANSWERS)  # what made it, for whoever verifies it here


def deliver_due(store: Store, tenant_id: TenantId, *, now: datetime | None = None) -> int:
    """Tries each delivery whose time has come; how many have arrived."""
    caller = Caller(tenant_id=tenant_id, user_id="delivery", role=Role.ANALYST, kind="job")
    with open_work(caller, store) as work:
        work.now = now or work.now
        due = deliveries.due_deliveries(work)
    arrived = 0
    for delivery_id in due:
        with open_work(caller, store) as work:
            work.now = now or work.now
            parcel = deliveries.take_delivery(work, delivery_id)
        if parcel is None:
            continue
        why = send(parcel)
        with open_work(caller, store) as work:
            work.now = now or work.now
            deliveries.finish_delivery(work, parcel, why=why)
        JOB_RUNS.labels("delivery", "failed" if why else "succeeded").inc()
        arrived += not why
    return arrived


def send(parcel: Parcel) -> str:
    """Nothing where it has arrived, else why not, in words."""
    try:
        news = _news(parcel)
        files = {"message.txt": f"{news}\n".encode()} if news else _files(parcel.run)
        if not files:
            return "a file of the report is missing or was altered; make it again"
        return WAYS[parcel.delivery.destination.kind](parcel, files)
    except Exception as error:  # noqa: BLE001  it is told, and tried again
        log.exception("a report could not be sent", delivery=parcel.delivery.id)
        return f"it could not be sent ({type(error).__name__})"


def _files(run: JobRun) -> dict[str, bytes]:
    """What the run made, as it made it; nothing where something is not."""
    files = {}
    for name, digest in run.record.get("outputs", {}).items():
        if name in NEVER_SENT:
            continue
        file = run.folder / name
        content = file.read_bytes() if file.is_file() else b""
        if hashlib.sha256(content).hexdigest() != digest:
            return {}
        files[name] = content
    return files


def _news(parcel: Parcel) -> str:
    """What there is to tell where no report was made; nothing where one was."""
    run, title = parcel.run, _title(parcel)
    if run.failed:
        return (
            f"{title} failed. {run.detail}\n\nIt is tried again when it is next due. No more is "
            "told of it until it is well again."
        )
    return "" if is_report(run.job) else f"{title} is well again. {run.detail}"


def _title(parcel: Parcel) -> str:
    return parcel.title or title_of(parcel.run.job)


def _headline(parcel: Parcel) -> str:
    of = f"{_title(parcel)}, {parcel.run.created_at:%Y-%m-%d}, {parcel.run.named}"
    return f"Failed: {of}" if parcel.run.failed else of


def _to_folder(parcel: Parcel, files: dict[str, bytes]) -> str:
    """A folder of the report's own, which is there whole or not at all."""
    root = setting("VALOR_DELIVERY_FOLDER")
    if not root:
        return "this installation gives no folder (VALOR_DELIVERY_FOLDER)"
    run = parcel.run
    into = Path(root) / parcel.tenant / parcel.delivery.destination.address
    goal = into / f"{run.created_at:%Y-%m-%d} {run.job} {run.id}"
    if goal.is_dir():
        return ""
    part = into / f".{parcel.delivery.id}"
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for name, content in files.items():
            (part / name).write_bytes(content)
        part.rename(goal)
    except OSError as error:
        return f"the folder cannot be written: {error.strerror}"
    return ""


def _by_mail(parcel: Parcel, files: dict[str, bytes]) -> str:
    server, sender = setting("VALOR_SMTP"), setting("VALOR_SMTP_FROM")
    if not (server and sender):
        return "this installation sends no e-mail (VALOR_SMTP, VALOR_SMTP_FROM)"
    try:
        _hand_over(server, _mail(parcel, files, sender))
    except smtplib.SMTPResponseException as error:
        return f"the mail server refuses it with code {error.smtp_code}"
    except (OSError, smtplib.SMTPException) as error:
        told = (why for kind, why in MAIL_FAILS.items() if isinstance(error, kind))
        return next(told, "the mail server cannot be reached")
    return ""


def _mail(parcel: Parcel, files: dict[str, bytes], sender: str) -> EmailMessage:
    mail, run = EmailMessage(), parcel.run
    mail["Subject"] = _headline(parcel)
    mail["From"], mail["To"] = sender, parcel.delivery.destination.address
    mail["Date"] = format_datetime(utc_now())
    mail["Message-ID"] = f"<{parcel.delivery.id}@valor.invalid>"
    if news := _news(parcel):
        mail.set_content(f"{news}\n\n{TELL_NO_MORE.format(run=run)}\n")
        return mail
    attached = {n: files[n] for n in sorted(files) if n.endswith((".pdf", ".csv"))}
    if "report.pdf" not in files:
        attached["report.html"] = files["report.html"]
    if sum(map(len, attached.values())) > ATTACHED_MAX:
        attached = {}
    lines = [
        f"{_headline(parcel)}, was made on schedule." if run.schedule_id else _headline(parcel),
        "It is attached." if attached else "It is too large to be attached.",
        "It had failed before, and is well again." if parcel.after_failure else "",
        f"It also stands in Valor, with its data: {_address(run)}" if _address(run) else "",
        TELL_NO_MORE.format(run=run),
    ]
    mail.set_content("\n\n".join(filter(None, lines)) + "\n")
    for name, content in attached.items():
        kind = (mimetypes.guess_type(name)[0] or "application/octet-stream").split("/")
        mail.add_attachment(content, maintype=kind[0], subtype=kind[1], filename=name)
    return mail


def _hand_over(server: str, mail: EmailMessage) -> None:
    """To the mail server of the settings, encrypted unless it stands on this machine."""
    url, context = urlsplit(server), ssl.create_default_context()
    host, own = url.hostname or "", url.scheme == "smtps"
    made = (
        smtplib.SMTP_SSL(host, url.port or 465, timeout=SMTP_WITHIN_S, context=context)
        if own
        else smtplib.SMTP(host, url.port or 587, timeout=SMTP_WITHIN_S)
    )
    with made as connection:
        if not own and host not in ("localhost", "127.0.0.1", "::1"):
            connection.starttls(context=context)
        if url.username:
            connection.login(unquote(url.username), unquote(url.password or ""))
        connection.send_message(mail)


def _by_webhook(parcel: Parcel, files: dict[str, bytes]) -> str:
    """Names and hashes, signed as Standard Webhooks are; the files are fetched with a key."""
    if not parcel.signing_key:
        return "its secret cannot be opened any more; make the destination anew"
    run, now, made = parcel.run, utc_now(), not _news(parcel)
    body = {
        "type": "run.failed" if run.failed else "report.made" if made else "run.recovered",
        "timestamp": now.isoformat(),
        "data": {
            "run_id": run.id,
            "report": run.job,
            "title": _title(parcel),
            "told": _news(parcel),
            "after_failure": parcel.after_failure,
            "parameters": run.parameters,
            "made_at": run.finished_at.isoformat() if run.finished_at else None,
            "address": (_address(run) or None) if made else None,
            "files": {
                name: {"sha256": run.record["outputs"][name], "bytes": len(content)}
                for name, content in files.items()
                if made
            },
        },
    }
    raw = json.dumps(body, sort_keys=True, allow_nan=False).encode()
    headers = signed(raw, parcel.signing_key, now_s=now.timestamp(), message_id=parcel.delivery.id)
    return post(parcel.delivery.destination.address, raw, headers)


def _address(run: JobRun) -> str:
    base = setting("VALOR_BASE_URL").rstrip("/")
    return f"{base}/api/v1/reports/runs/{run.id}/report.html" if base else ""


WAYS = {Kind.FOLDER: _to_folder, Kind.EMAIL: _by_mail, Kind.WEBHOOK: _by_webhook}
