-- Usage by day: what each meter counted on each day.
-- reads: billing.read
-- parameter first: day = 1970-01-01; From this day
-- parameter last: day = 9999-12-31; To this day
-- column day: day; Day
-- column meter: text; Meter
-- column quantity: whole; Quantity
-- column events: whole; Events
-- chart: lines of quantity by day, meter
SELECT day, meter, quantity, events
FROM usage_daily
WHERE day BETWEEN $first AND $last
ORDER BY day, meter
