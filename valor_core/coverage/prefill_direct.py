"""Where stated cash flows begin: with those of the DCF that the same facts suggest."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from valor_core.coverage.figures import assumed
from valor_core.coverage.prefill import Named, Prefilled, prefill_dcf
from valor_core.models.dcf import discounted_cash_flow
from valor_core.models.dcf_direct import DirectDcfInputs
from valor_core.models.paths import Fade
from valor_core.values import FiledFact, Source, SourceKind

FLOWS = "free_cash_flow"
GROWTH = "terminal_growth"
SHARED = ("bridge.", "shares.")  # what both models take as it was filed


def prefill_direct(
    company: Named, facts: Iterable[FiledFact], *, as_of: date | None = None
) -> Prefilled:
    """Flows to be replaced by one's own, with the bridge and the shares that were filed.

    What the filings lack is open, and needs no reason: here all is the judgement of who states it.
    NotForFcff, FactsMissing or MixedCurrencies where no DCF begins from the facts.
    """
    dcf = prefill_dcf(company, facts, as_of=as_of)
    stated = replace(dcf.inputs.bridge, **dict.fromkeys(dcf.inputs.bridge.missing, 0.0))
    forecast = discounted_cash_flow(replace(dcf.inputs, bridge=stated))
    why = "the free cash flow of the DCF that begins from the same facts, until you state yours"
    base = dcf.sources["revenue"].facts
    sources = {
        path: source
        for path, source in dcf.sources.items()
        if path == GROWTH or (path.startswith(SHARED) and source.facts)
    }
    sources[FLOWS] = Source(kind=SourceKind.DERIVED, text=why, facts=base)
    sources["wacc.start"] = assumed(float(forecast.waccs[0]), "the WACC of that DCF").source
    return replace(
        dcf,
        inputs=DirectDcfInputs(
            free_cash_flow=forecast.fcff,
            wacc=Fade(start=float(forecast.waccs[0])),
            terminal_growth=dcf.inputs.terminal_growth,
            bridge=dcf.inputs.bridge,
            shares=dcf.inputs.shares,
        ),
        sources=sources,
    )
