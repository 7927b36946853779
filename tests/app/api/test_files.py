"""A file that a page has made ready, over the API."""

from tests.app.things import file_of
from tests.conftest import ONLY_SQLITE

pytestmark = ONLY_SQLITE


def test_over_http_it_is_saved_under_its_own_name(acme, client):
    answer = client(acme.analyst).get(f"/files/{file_of(acme.analyst, 'Grüße')}")

    assert answer.content == "Grüße".encode()
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''findings.csv"
