"""The last good answers of a tenant, kept for every process and over every restart."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, select

from valor_core.market.earlier import by_reach, question_of
from valor_core.market.provider import Answer, Licence, Query
from valor_core.market.router import KEPT_ANSWERS, kept_until
from valor_core.market.series import Series
from valor_core.market.written import document, packed, unpacked
from valor_core.store.tables import ProviderAnswerRow
from valor_core.store.work import Work
from valor_core.values import from_micros, micros

CONTENT_MAX = 2_000_000
"""What is larger, packed, is only remembered by the process that asked."""


def keep(work: Work, key: str, answer: Answer) -> None:
    """Keep it in place of an older one; those that were fetched longest ago make room."""
    if not isinstance(answer.value, Series) or answer.synthetic:
        return  # a filing is never taken from before, and an invented price can always be had
    content = packed(document(answer))
    if len(content) > CONTENT_MAX:
        return
    told = {
        "provider": answer.provider,
        "capability": answer.query.capability.value,
        "licence": asdict(answer.licence),
        "source": answer.source,
        "as_of": micros(answer.as_of),
        "fetched_at": micros(answer.fetched_at),
        "keep_until": micros(kept_until(answer)),
        "content": content,
    }
    work.insert_missing(ProviderAnswerRow, [{"question": key, **told}])
    row = work.session.get_one(ProviderAnswerRow, (work.caller.tenant_id, key))
    if row.fetched_at < told["fetched_at"]:
        for name, value in told.items():
            setattr(row, name, value)
    work.session.flush()
    _make_room(work)


def _make_room(work: Work) -> None:
    row = ProviderAnswerRow
    order = select(row.fetched_at).order_by(row.fetched_at.desc(), row.question)
    oldest = work.session.scalar(order.offset(KEPT_ANSWERS).limit(1))
    if oldest is not None:
        work.session.execute(delete(row).where(row.fetched_at <= oldest))


def newer(work: Work, asked: Query, known: Callable[[str], datetime | None]) -> Answer | None:
    """The last good answer that reaches furthest into the days asked for, unless it is known."""
    row = ProviderAnswerRow
    held = (
        select(row.question, row.fetched_at)
        .where(row.capability == asked.capability.value, row.keep_until > work.now_micros)
        .order_by(row.fetched_at.desc(), row.question)
    )
    fetched_at = {
        question_of(each.question): each.fetched_at for each in work.session.execute(held)
    }
    for question in by_reach(fetched_at, asked)[:1]:
        has = known(question.key)
        if has is None or micros(has) < fetched_at[question]:
            return _read(work, question)
    return None


def _read(work: Work, question: Query) -> Answer:
    found = work.session.get_one(ProviderAnswerRow, (work.caller.tenant_id, question.key))
    return Answer(
        provider=found.provider,
        capability=question.capability,
        query=question,
        value=unpacked(found.content),
        as_of=from_micros(found.as_of),
        fetched_at=from_micros(found.fetched_at),
        licence=Licence(**found.licence),
        source=found.source,
    )


def purge(work: Work) -> int:
    """Drops those that may not be kept any longer; how many."""
    row = ProviderAnswerRow
    over = delete(row).where(row.keep_until <= work.now_micros).returning(row.question)
    return len(work.session.execute(over).all())
