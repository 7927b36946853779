-- Coverage: every company with its newest fiscal year, its measures and its saved value.
-- reads: fact.read
-- column name: text; Company
-- column ticker: text; Ticker
-- column fiscal_year: whole; Fiscal year
-- column revenue: money; Revenue
-- column growth: rate; Growth
-- column operating_margin: rate; EBIT margin
-- column fcf_margin: rate; FCF margin
-- column roic: rate; ROIC
-- column net_debt_to_ebitda: ratio; Net debt / EBITDA
-- column value_per_share: number; Value per share
-- column ev_to_ebitda: ratio; EV / EBITDA
-- column currency: text; Currency
-- chart: bars of revenue by name
SELECT name, ticker, fiscal_year, revenue, growth, operating_margin, fcf_margin, roic,
       net_debt_to_ebitda, value_per_share, ev_to_ebitda, currency
FROM coverage
ORDER BY revenue DESC NULLS LAST, name, company_id
