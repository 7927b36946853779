-- Providers by day: how the calls of each data provider went, and how slow the slowest were.
-- reads: provider.read
-- parameter first: day = 1970-01-01; From this day
-- parameter last: day = 9999-12-31; To this day
-- column day: day; Day
-- column provider: text; Provider
-- column capability: text; Kind of data
-- column calls: whole; Calls
-- column good: rate; Good
-- column p95_ms: number; 95 % took at most, ms
-- chart: lines of p95_ms by day, provider
WITH days AS (
  SELECT day, provider, capability, bucket, outcome, calls,
         sum(calls) OVER (PARTITION BY day, provider, capability ORDER BY bucket) AS up_to,
         sum(calls) OVER (PARTITION BY day, provider, capability) AS total
  FROM provider_calls_daily
  WHERE day BETWEEN $first AND $last AND outcome <> 'neutral')
SELECT day, provider, capability, sum(calls)::BIGINT AS calls,
       coalesce(sum(calls) FILTER (outcome = 'good'), 0) / sum(calls) AS good,
       2 * pow(1.01 / 0.99, min(bucket) FILTER (up_to >= 0.95 * total)) / (1.01 / 0.99 + 1) / 1000
         AS p95_ms
FROM days
GROUP BY day, provider, capability
ORDER BY day, provider, capability
