"""Run as a program, with mlflow and pairs of URIs (store, artifacts): fills each store with the same story.

A sweep of two trials, each of which logs a model that is registered, and a run that reads one of the models.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import LoggedModelInput

# The whole package, which lives in an environment of its own; types are known of the small one alone.
mlflow: Any = importlib.import_module("mlflow")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Mean(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """The smallest model that can be logged."""

    def predict(self, context: object, model_input: list[float]) -> list[float]:
        return [sum(model_input) / len(model_input) + 0 * (context is None)]


def trips(rows: int) -> Any:
    """Return a data set; its digest follows from its content."""
    frame = pd.DataFrame({"distance": [float(row) for row in range(rows)]})
    return mlflow.data.from_pandas(frame, source="https://example.org/trips.csv", name="trips")


def trial(depth: int) -> str:
    """Train one model and return its id."""
    with mlflow.start_run(run_name=f"depth-{depth}", nested=True):
        mlflow.set_tags({"mlflow.source.git.commit": COMMIT, "team": "fares"})
        mlflow.log_input(trips(2), context="training", tags={"fold": "1"})
        mlflow.log_input(trips(3), context="test")
        mlflow.log_params({"depth": depth, "rate": 0.1})
        for step in range(3):
            mlflow.log_metric("rmse", 1 / (depth + step), step=step)
        mlflow.log_metric("odd", float("nan"))
        info = mlflow.pyfunc.log_model(
            name="fare", python_model=Mean(), registered_model_name="fare-model", pip_requirements=[]
        )
        return str(info.model_id)


def main(uri: str, artifacts: str) -> None:
    """Fill the store at this URI."""
    mlflow.set_tracking_uri(uri)
    client = MlflowClient()
    experiment = mlflow.create_experiment("taxi", artifact_location=artifacts)
    mlflow.set_experiment("taxi")
    with mlflow.start_run(run_name="sweep", description="Two depths."):
        models = [trial(2), trial(3)]
    client.set_registered_model_alias("fare-model", "champion", "2")
    with mlflow.start_run(run_name="score") as score:
        client.log_inputs(score.info.run_id, models=[LoggedModelInput(models[1])])
    client.set_terminated(client.create_run(experiment, run_name="broken").info.run_id, "FAILED")
    client.create_run(experiment, run_name="open")
    killed = client.create_run(experiment, run_name="removed").info.run_id
    client.set_terminated(killed, "KILLED")
    client.delete_run(killed)


if __name__ == "__main__":
    for place in range(1, len(sys.argv), 2):
        main(*sys.argv[place : place + 2])
