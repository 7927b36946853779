import shutil

from valor_core.coverage.companies import company_id
from valor_core.coverage.demo_book import DEMO
from valor_core.workbench.companies import read_facts
from valor_core.workbench.demo import seed_demo
from valor_core.workbench.verb import open_work

COCA_COLA = company_id(21344)


def test_a_figure_that_was_copied_wrongly_is_put_right_by_the_next_version(store, acme, tmp_path):
    wrong = tmp_path / "demo"
    shutil.copytree(DEMO, wrong)
    table = (wrong / "ko.csv").read_text(encoding="utf-8")
    assert "30990000000" in table
    (wrong / "ko.csv").write_text(table.replace("30990000000", "30909000000"), encoding="utf-8")

    def revenue_of_2009() -> float:
        with open_work(acme.viewer, store) as work:
            told = read_facts(work, COCA_COLA)
        [fact] = [f for f in told if f.item == "revenue" and f.fiscal_year == 2009]
        return fact.value

    seed_demo(store, wrong)
    assert revenue_of_2009() == 30_909e6
    seed_demo(store)
    assert revenue_of_2009() == 30_990e6
    seed_demo(store)
    assert revenue_of_2009() == 30_990e6
