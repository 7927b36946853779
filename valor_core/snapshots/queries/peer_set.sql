-- Peer set: the companies most like one, by the digits of their SIC, then by size.
-- reads: fact.read
-- parameter company: text; A ticker
-- column name: text; Company
-- column ticker: text; Ticker
-- column sic: whole; SIC
-- column digits_alike: whole; Digits alike
-- column revenue: money; Revenue
-- column size: ratio; Of its revenue
-- column operating_margin: rate; EBIT margin
-- column growth: rate; Growth
-- column ev_to_ebitda: ratio; EV / EBITDA
-- chart: bars of operating_margin by name
WITH one AS (
  SELECT company_id, lpad(sic::VARCHAR, 4, '0') AS code, revenue FROM coverage
  WHERE upper($company) IN (upper(ticker), upper(company_id)) AND sic IS NOT NULL
  ORDER BY revenue DESC NULLS LAST, company_id LIMIT 1),
others AS (
  SELECT c.*, one.code, lpad(c.sic::VARCHAR, 4, '0') AS theirs, c.revenue / nullif(one.revenue, 0) AS size
  FROM coverage c, one WHERE c.company_id <> one.company_id)
SELECT name, ticker, sic,
       CASE WHEN theirs = code THEN 4 WHEN theirs[:3] = code[:3] THEN 3
            WHEN theirs[:2] = code[:2] THEN 2 ELSE 1 END AS digits_alike,
       revenue, size, operating_margin, growth, ev_to_ebitda
FROM others
WHERE theirs[:1] = code[:1]
ORDER BY digits_alike DESC, abs(ln(nullif(greatest(size, 0), 0))) NULLS LAST, name, company_id
