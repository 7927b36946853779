"""How API tests ask: a key for what is made, every page of a list, the code of a refusal."""

from typing import Any

from starlette.testclient import TestClient


def once(key: str = "k") -> dict[str, str]:
    return {"Idempotency-Key": key}


def refusal(answer: Any) -> tuple[int, str]:
    """Its status and code, once it is known to be a whole problem document."""
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert all((problem["hint"], problem["detail"])), problem
    assert problem["status"] == answer.status_code
    return answer.status_code, problem["code"]


def pages(client: TestClient, path: str, **params: Any) -> list[list[Any]]:
    """Every page of a list, the last one may be empty."""
    rows, cursor = [], ""
    while True:
        answer = client.get(path, params={**params, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        told = answer.json()
        name = path.rpartition("/")[2] if "/audit" not in path else "entries"
        rows.append(told[name])
        cursor = told["next"]
        if not cursor:
            return rows


def bring(client: TestClient, raw: bytes, *, key: str = "k", file_name: str = "facts.csv") -> Any:
    return client.post("/imports", params={"file_name": file_name}, content=raw, headers=once(key))
