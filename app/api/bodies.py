"""Bodies that the API's document must be told of: a model's inputs, and answers that are files."""

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from valor_core.models.codec import load, schema
from valor_core.models.model import Model
from valor_core.models.simulation.scenarios import ScenarioSet

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def a_file(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI of an answer that is a file of one of these kinds."""
    return {200: {"content": {media_type: {} for media_type in media_types}}}


class ValuationBody(BaseModel):
    """What is to be valued, and why so."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, Any] = Field(
        description="The model's inputs; the operation's own schema describes them, and for a DCF "
        "GET …/valuations/MODEL/start gives them as the facts suggest."
    )
    rationale: str = Field(description="Why this is the value.", max_length=4_000)
    rationales: dict[str, str] = Field(
        default={}, description="By the path of an input, why it is what it is.", max_length=200
    )
    as_of: date | None = Field(default=None, description="The day whose facts are used.")
    layer: str = Field(
        default="", description="Through which they are read; empty: as filed.", max_length=60
    )

    scenarios: list[Any] | None = Field(
        default=None,
        description="Weighed around the value and kept with it: name, probability, changes.",
        json_schema_extra=schema(ScenarioSet)["properties"]["scenarios"],
    )

    def scenario_set(self) -> ScenarioSet | None:
        """The scenarios; BadInputs with the path of every flaw."""
        if self.scenarios is None:
            return None
        return load(ScenarioSet, {"scenarios": self.scenarios})

    def read(self, model: Model) -> Any:
        """The inputs as the model takes them; BadInputs with the path of every flaw."""
        return load(model.inputs, self.inputs)


def described(body: type[BaseModel], model: Model) -> dict[str, Any]:
    """The OpenAPI of a body whose `inputs` are the model's."""
    told = body.model_json_schema()
    told["properties"]["inputs"] = {
        **schema(model.inputs),
        "description": "The model's inputs. Rates are fractions.",
    }
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": told}}}}
