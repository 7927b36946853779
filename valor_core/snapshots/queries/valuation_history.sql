-- Valuation history: every saved value of a share, and its change since the one before.
-- reads: valuation.read
-- parameter company: text =; A ticker, or nothing for all companies
-- column name: text; Company
-- column saved_at: moment; Saved
-- column model: text; Model
-- column value_per_share: number; Value per share
-- column change: rate; Since the one before
-- column currency: text; Currency
-- chart: lines of value_per_share by saved_at, name
SELECT coalesce(c.name, v.company_id) AS name,
       make_timestamp(v.saved_at) AS saved_at,
       v.model,
       v.value_per_share,
       v.value_per_share / nullif(lag(v.value_per_share) OVER earlier, 0) - 1 AS change,
       v.currency
FROM valuations v LEFT JOIN companies c ON c.company_id = v.company_id
WHERE $company = '' OR upper($company) IN (upper(c.ticker), upper(v.company_id))
WINDOW earlier AS (PARTITION BY v.company_id, v.model, v.currency ORDER BY v.saved_at, v.valuation_id)
ORDER BY name, v.saved_at, v.valuation_id
