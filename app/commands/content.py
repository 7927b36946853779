"""What analysts do, from a shell or a script: value, prove, import, audit, publish, report."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valor_core.errors import BadInput

if TYPE_CHECKING:
    from valor_core.models.proof import Outcome

workbook = typer.Typer(no_args_is_help=True, help="Workbooks of others.")
report = typer.Typer(no_args_is_help=True, help="Reports made by notebooks.")
audit = typer.Typer(no_args_is_help=True, help="The audit log.")

Tenant = Annotated[str, typer.Option("--tenant", help="The tenant's short name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
FILE_MAX = 10_000_000


def read_case(path: Path) -> Any:
    """A JSON file; BadInput that names it when it cannot be read."""
    from app.web.strict_json import BadJson, read_json

    try:
        if path.stat().st_size > FILE_MAX:
            raise BadInput(f"{path} is larger than 10 MB.", hint="Give one case a file.")
        return read_json(path.read_bytes())
    except OSError as error:
        problem = f"{path} cannot be read: {error.strerror}."
        raise BadInput(problem, hint="Check the path.") from error
    except BadJson as error:
        raise BadInput(f"{path}: {error}", hint=error.hint) from error


def read_inputs(path: Path) -> Any:
    """The inputs of a JSON file, by themselves or as a case's `inputs`."""
    case = read_case(path)
    return case.get("inputs", case) if isinstance(case, dict) else case


def a_model(name: str) -> str:
    """The model of that name, in which - may stand for _; NotFound names those that there are."""
    from valor_core.models.catalogue import model_named

    return model_named(name.replace("-", "_")).name


ModelName = Annotated[
    str, typer.Argument(metavar="MODEL", help="Such as dcf or lbo.", callback=a_model)
]


def value(
    model_name: ModelName,
    input_: Annotated[Path, typer.Option("--input", help="JSON with the inputs.")],
    explain: Annotated[bool, typer.Option(help="Print the tree of formulas instead.")] = False,
) -> None:
    """Value from a file; nothing is kept."""
    from dataclasses import asdict

    from valor_core.models.catalogue import checks_of, model_named
    from valor_core.models.codec import dump, load
    from valor_core.models.conventions import conventions_of
    from valor_core.models.run_id import run_id
    from valor_core.models.workings import record

    model = model_named(model_name)
    inputs = load(model.inputs, read_inputs(input_))
    if explain:
        print(record(model.function, inputs).explain(model.headline).as_text())
        return
    result = model.function(inputs)
    told = {
        "model": model.name,
        "model_version": model.version,
        "run_id": run_id(model, inputs),
        "result": dump(result),
        "conventions": conventions_of(inputs),
        "checks": [asdict(check) for check in checks_of(inputs, result)],
    }
    print(json.dumps(told, indent=2, allow_nan=False))


def simulate(
    model_name: ModelName,
    input_: Annotated[Path, typer.Option("--input", help="JSON with the inputs.")],
    plan: Annotated[Path, typer.Option(help="JSON with drivers, correlations, scenarios, seed.")],
) -> None:
    """Simulate a model from files: how its value spreads, and what moves it; nothing is kept."""
    from valor_core.compute.executors import spread
    from valor_core.models.catalogue import model_named
    from valor_core.models.codec import load
    from valor_core.models.simulation.plan import SimulationPlan
    from valor_core.models.simulation.study import study_in_figures

    inputs = load(model_named(model_name).inputs, read_inputs(input_))
    told = study_in_figures(
        inputs, load(SimulationPlan, read_case(plan)), lambda _: None, pool=spread
    )
    print(json.dumps(told, indent=2, allow_nan=False))


def batch(
    policy: Annotated[
        Path | None, typer.Option(help="JSON with model, changes, prices …; else as facts suggest.")
    ] = None,
    unfiled_is_nothing: Annotated[
        bool, typer.Option(help="Count as nothing what a filing lacks in the bridge, and name it.")
    ] = False,
    tenant: Tenant = "demo",
    as_json: AsJson = False,
) -> None:
    """Value all companies of a tenant by one policy; nothing is kept."""
    from dataclasses import replace
    from functools import partial

    from app.commands.working import as_local_user, the_open_store
    from valor_core.compute.executors import spread
    from valor_core.coverage.batches import (
        OLD_AFTER,
        BatchPolicy,
        Valued,
        in_figures,
        newest_year,
        old_ones,
    )
    from valor_core.models.codec import load
    from valor_core.workbench.batches import note_batch, value_all
    from valor_core.workbench.computations import done_here
    from valor_core.workbench.verb import open_work

    stated = load(BatchPolicy, {} if policy is None else read_case(policy))
    if unfiled_is_nothing:
        stated = replace(stated, unfiled_is_nothing=True)
    caller = as_local_user(tenant)
    with open_work(caller, the_open_store()) as work:
        made = note_batch(work, stated)

    def run() -> tuple[Valued, ...]:
        with open_work(caller, the_open_store()) as work:
            return value_all(work, stated, pool=spread)

    rows = done_here(the_open_store(), caller, made, run, partial(in_figures, stated))
    if as_json:
        print(json.dumps(in_figures(stated, rows), indent=2, allow_nan=False))
        return
    old = old_ones(rows)
    for each in rows:
        told = each.reason if each.value is None else f"{each.value:,.4f} {each.currency}"
        priced = "" if each.upside is None else f"  {each.upside:+.1%} on {each.price:,.2f}"
        year = f"FY{each.fiscal_year}" if each.fiscal_year else ""
        mark = "*" if each.company_id in old else " "
        print(f"{each.name[:32]:<32} {year:>6}{mark} {told}{priced}")
    if old:
        print(f"* more than {OLD_AFTER} fiscal years before FY{newest_year(rows)}")
    done = sum(each.value is not None for each in rows)
    print(f"\n{done} of {len(rows)} companies valued")
    if not done and not stated.unfiled_is_nothing:
        print("Most filings lack some item; --unfiled-is-nothing counts those as nothing.")


def proof(
    cases: Annotated[
        Path | None,
        typer.Option(help="Folder of .json files, each a case or a list of cases; else our own."),
    ] = None,
    as_json: AsJson = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the models' inputs.")] = False,
) -> None:
    """Run published cases through the engine and compare every number with what was printed."""
    from valor_core.models.proof import schemas
    from valor_core.models.published import CASES

    if schema:
        print(json.dumps(schemas(), indent=2))
        return
    cases = CASES if cases is None else cases
    if not cases.is_dir():
        raise BadInput(f"There is no folder {cases}.", hint="Check the path.")
    outcomes = _outcomes(sorted(cases.glob("*.json")))
    if not outcomes:
        raise BadInput(f"{cases} holds no .json case.", hint="Give each case a file in it.")
    if as_json:
        print(json.dumps([o.as_dict() for o in outcomes], indent=2, allow_nan=False))
    else:
        for outcome in outcomes:
            told_by = f", with what {outcome.told_by} states" if outcome.told_by else ""
            print(f"{outcome.status:<12} {outcome.model:<34} {outcome.id}{told_by}")
            for difference in outcome.differences:
                print(f"             {difference}")
        passed = sum(o.status == "passed" for o in outcomes)
        print(f"\n{passed} of {len(outcomes)} cases passed")
    if any(outcome.status != "passed" for outcome in outcomes):
        raise typer.Exit(1)


def _outcomes(paths: list[Path]) -> "list[Outcome]":
    """What came of the files' cases; one that cannot be read has failed and stops no other."""
    from valor_core.models.proof import failed, prove

    told: list[tuple[Path, Any]] = []  # with each case its file, with a bad file its error
    for path in paths:
        try:
            document = read_case(path)
        except BadInput as error:
            told.append((path, error))
        else:
            several = isinstance(document, list) and document
            told += [(path, case) for case in (document if several else [document])]
    beside = [case for _, case in told]
    return [
        failed(path.stem, f"{case}")
        if isinstance(case, BadInput)
        else replace(outcome := prove(case, beside), id=outcome.id or path.stem)
        for path, case in told
    ]


def import_facts(file: Path, tenant: Tenant = "demo") -> None:
    """Import an SEC companyfacts document, or a CSV or XLSX of facts, into a tenant."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.workbench import companies
    from valor_core.workbench.verb import open_work

    if not file.is_file():
        raise BadInput(f"There is no file {file}.", hint="Check the path.")
    caller = as_local_user(tenant)
    document = companies.read_document(file.read_bytes(), file_name=file.name)
    with open_work(caller, the_open_store()) as work:
        done = companies.import_document(work, document)
    if done.known_before:
        print("This document was imported before; nothing changed.")
    else:
        many = len(done.companies)
        print(f"{done.facts_n:,} new figures of {many:,} {'company' if many == 1 else 'companies'}")


@workbook.command("audit")
def audit_workbook(file: Path, as_json: AsJson = False) -> None:
    """Find mistakes in an .xlsx, each with its cell and its way out; nothing is kept."""
    from dataclasses import asdict

    from valor_core.workbench.workbooks import examined
    from valor_core.workbooks.audit.findings import Severity
    from valor_core.workbooks.audit.rules import TITLES
    from valor_core.workbooks.reading import FILE_MAX

    if not file.is_file():
        raise BadInput(f"There is no file {file}.", hint="Check the path.")
    with file.open("rb") as stream:
        raw = stream.read(FILE_MAX + 1)
    found = examined(raw, file_name=file.name).audit
    if as_json:
        print(json.dumps({"verdict": found.verdict, **asdict(found)}, indent=2, allow_nan=False))
    else:
        print(found.verdict)
        for each in found.findings:
            print(f"\n{each.severity:<8} {each.where}  {TITLES[each.rule]}")
            print(f"         {each.said}")
            if each.formula:
                print(f"         {each.formula}")
            print(f"         → {each.way_out}")
    if found.count(Severity.ERROR):
        raise typer.Exit(1)


def adjust(
    company: str,
    item: str,
    fiscal_year: int,
    amount: Annotated[float, typer.Argument(help="Added to the filed figure, in its unit.")],
    layer: Annotated[str, typer.Option("--layer", help="Its name; a new one makes a layer.")],
    why: Annotated[str, typer.Option("--why", help="The rationale.")],
    tenant: Tenant = "demo",
) -> None:
    """Add an amount to a filed figure in a layer; the filing itself stays as it is."""
    from app.commands.working import as_local_user, the_open_store
    from valor_core.values import CompanyId
    from valor_core.workbench import adjustments
    from valor_core.workbench.verb import open_work

    with open_work(as_local_user(tenant), the_open_store()) as work:
        row = adjustments.add_adjustment(
            work,
            CompanyId(company),
            layer=layer,
            item=item,
            fiscal_year=fiscal_year,
            amount=amount,
            rationale=why,
        )
    print(f"{row.item} of FY{row.fiscal_year}: {row.amount:+,.10g} {row.unit} in {row.layer}")


@report.command("run")
def run_report(
    name: str,
    param: Annotated[list[str] | None, typer.Option(help="name=value, repeatable.")] = None,
    tenant: Tenant = "demo",
    as_json: AsJson = False,
) -> None:
    """Run a report: a self-contained HTML, JSON, and CSV where there are rows."""
    from app.commands.working import as_local_user, the_open_store
    from jobs.reports import run_report as run
    from valor_core.coverage.report_parameters import from_words
    from valor_core.values import Role
    from valor_core.workbench import reports
    from valor_core.workbench.verb import open_work

    params = {}
    for pair in param or []:
        key, sign, text = pair.partition("=")
        if not sign:
            raise BadInput(f"--param {pair!r} has no '='.", hint="Write --param company=AAPL")
        if key in params:
            raise BadInput(f"--param {key} is given twice.", hint="Give each parameter once.")
        params[key] = text
    caller = as_local_user(tenant, Role.ADMIN)  # of what only administrators read, too
    with open_work(caller, the_open_store()) as work:
        given = from_words(reports.parameters(work, name), params)
    done = run(the_open_store(), caller, name, given)
    if as_json:
        print(json.dumps(done.as_dict(), indent=2, allow_nan=False))
    else:
        print(f"{done.status}  {done.html or done.detail}")
    if done.status != "succeeded":
        raise typer.Exit(1)


@report.command("verify")
def verify_report(
    run: Annotated[str, typer.Argument(help="Id of the run, as `report run --json` prints it.")],
    tenant: Tenant = "demo",
    as_json: AsJson = False,
) -> None:
    """Make a report again from its snapshot, and compare it byte for byte."""
    from dataclasses import asdict

    from app.commands.working import as_local_user, the_open_store
    from jobs.reports import verify_run
    from valor_core.values import Role

    verdict = verify_run(the_open_store(), as_local_user(tenant, Role.ADMIN), run)
    if as_json:
        print(json.dumps({**asdict(verdict), "holds": verdict.holds}, indent=2))
    else:
        for name in verdict.same:
            print(f"the same   {name}")
        for flaw in verdict.flaws:
            print(f"not so     {flaw}")
        if verdict.made_from:
            print(f"made again {verdict.made_from}")
    if not verdict.holds:
        raise typer.Exit(1)


@audit.command("verify")
def verify_audit(
    tenant: Annotated[str, typer.Option(help="One tenant; all of them if empty.")] = "",
    as_json: AsJson = False,
) -> None:
    """Check every entry, the chain and the head; name the first bad entry."""
    from app.commands.working import as_operator_of, tenant_id, the_open_store
    from valor_core.workbench import people, setup
    from valor_core.workbench.logbook import verify_as_operator

    verdicts = verify_as_operator(the_open_store(), tenant_id(tenant) if tenant else None)
    with as_operator_of(setup.PLATFORM) as work:
        slugs = {row.id: row.slug for row in people.list_tenants(work)}
    if as_json:
        rows = [
            {
                "tenant": v.tenant_id,
                "name": slugs.get(v.tenant_id),
                "holds": v.holds,
                "size": v.size,
                "head": v.head,
                "sealed": v.sealed,
                "findings": [{"seq": f.seq, "kind": f.kind} for f in v.findings],
            }
            for v in verdicts
        ]
        print(json.dumps(rows, indent=2))
    else:
        for v in verdicts:
            told = "holds" if v.holds else "DOES NOT HOLD"
            name = slugs.get(v.tenant_id, f"gone: {v.tenant_id}")
            print(f"{name:<32} {v.size:>8} entries, {v.sealed} sealed outside  {told}")
            for finding in v.findings[:10]:
                print(f"    {finding}")
    if not all(v.holds for v in verdicts):
        raise typer.Exit(1)
