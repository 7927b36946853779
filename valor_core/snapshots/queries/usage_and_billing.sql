-- Usage beside billing: days on which what was used and what was billed differ.
-- reads: billing.read
-- parameter first: day = 1970-01-01; From this day
-- parameter last: day = 9999-12-31; To this day
-- column day: day; Day
-- column meter: text; Meter
-- column used: whole; Used
-- column billed: whole; Billed
-- column difference: whole; Used but not billed
-- chart: lines of difference by day, meter
WITH used AS (
  SELECT day, meter, sum(quantity)::BIGINT AS quantity FROM usage_daily
  WHERE day BETWEEN $first AND $last GROUP BY ALL),
billed AS (
  SELECT day, meter, sum(quantity)::BIGINT AS quantity FROM billing_daily
  WHERE day BETWEEN $first AND $last GROUP BY ALL)
SELECT day, meter, coalesce(used.quantity, 0) AS used, coalesce(billed.quantity, 0) AS billed,
       coalesce(used.quantity, 0) - coalesce(billed.quantity, 0) AS difference
FROM used FULL JOIN billed USING (day, meter)
WHERE used.quantity IS DISTINCT FROM billed.quantity
ORDER BY day, meter
