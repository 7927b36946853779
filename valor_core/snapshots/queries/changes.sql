-- What changed: companies whose figures or saved value differ from another snapshot's.
-- reads: fact.read
-- compares: yes
-- column name: text; Company
-- column change: text; What changed
-- column figures_added: whole; Figures added
-- column revenue_before: money; Revenue before
-- column revenue_now: money; Revenue now
-- column value_before: number; Value per share before
-- column value_now: number; Value per share now
-- chart: bars of figures_added by name
WITH filed AS (SELECT company_id, count(*) AS n FROM facts GROUP BY company_id),
filed_before AS (SELECT company_id, count(*) AS n FROM before.facts GROUP BY company_id)
SELECT coalesce(now.name, was.name) AS name,
       CASE WHEN was.company_id IS NULL THEN 'new company'
            WHEN now.company_id IS NULL THEN 'no longer covered'
            ELSE concat_ws(', ',
              CASE WHEN filed.n IS DISTINCT FROM filed_before.n THEN 'figures' END,
              CASE WHEN now.fiscal_year IS DISTINCT FROM was.fiscal_year THEN 'newest year'
                   WHEN now.revenue IS DISTINCT FROM was.revenue THEN 'restated revenue' END,
              CASE WHEN now.valuation_id IS DISTINCT FROM was.valuation_id THEN 'saved value' END)
       END AS change,
       coalesce(filed.n, 0) - coalesce(filed_before.n, 0) AS figures_added,
       was.revenue AS revenue_before,
       now.revenue AS revenue_now,
       was.value_per_share AS value_before,
       now.value_per_share AS value_now
FROM coverage now FULL JOIN before.coverage was ON was.company_id = now.company_id
LEFT JOIN filed ON filed.company_id = now.company_id
LEFT JOIN filed_before ON filed_before.company_id = was.company_id
WHERE change <> ''
ORDER BY name, coalesce(now.company_id, was.company_id)
