"""Run as a program, with ml-metadata: a small pipeline of TFX's kind, run twice, half of the second from its cache."""

from __future__ import annotations

import shutil
import sys

from ml_metadata import metadata_store  # type: ignore[import-not-found]  # lives in an environment of its own
from ml_metadata.proto import metadata_store_pb2 as pb  # type: ignore[import-not-found]

CACHED, COMPLETE = pb.Execution.CACHED, pb.Execution.COMPLETE
INPUT, OUTPUT = pb.Event.INPUT, pb.Event.OUTPUT


def connection(path: str) -> pb.ConnectionConfig:
    config = pb.ConnectionConfig()
    config.sqlite.filename_uri = path
    config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    return config


class Pipeline:
    """What a pipeline's runner tells the store."""

    def __init__(self, path: str) -> None:
        self.store = metadata_store.MetadataStore(connection(path))
        execution = pb.ExecutionType(name="tfx.Component")
        execution.properties["steps"] = pb.INT
        self.execution_type = self.store.put_execution_type(execution)
        self.artifact_type = self.store.put_artifact_type(pb.ArtifactType(name="Examples"))
        self.context_types = {n: self.store.put_context_type(pb.ContextType(name=n)) for n in ("node", "pipeline_run")}

    def artifact(self, uri: str) -> int:
        artifact = pb.Artifact(type_id=self.artifact_type, uri=uri, state=pb.Artifact.LIVE)
        artifact.custom_properties["producer"].struct_value.update({"split": ["train", "eval"], "rows": 12})
        return int(self.store.put_artifacts([artifact])[0])

    def context(self, kind: str, name: str) -> int:
        if known := self.store.get_context_by_type_and_name(kind, name):
            return int(known.id)
        return int(self.store.put_contexts([pb.Context(type_id=self.context_types[kind], name=name)])[0])

    def run(self, node: str, of: str, reads: list[int], writes: list[int], state: int = COMPLETE) -> None:
        execution = pb.Execution(type_id=self.execution_type, name=f"{of}.{node}", last_known_state=state)
        execution.properties["steps"].int_value = 3
        execution.custom_properties["rate"].double_value = 0.1
        ident = self.store.put_executions([execution])[0]
        events = [self.event(artifact, ident, INPUT) for artifact in reads]
        self.store.put_events([*events, *(self.event(artifact, ident, OUTPUT) for artifact in writes)])
        contexts = [self.context("node", f"taxi.{node}"), self.context("pipeline_run", of)]
        links = [pb.Association(execution_id=ident, context_id=context) for context in contexts]
        self.store.put_attributions_and_associations([], links)

    def event(self, artifact: int, execution: int, kind: int) -> pb.Event:
        event = pb.Event(artifact_id=artifact, execution_id=execution, type=kind)
        event.path.steps.add().key = "examples"
        event.path.steps.add().index = 0
        return event


def main(path: str) -> None:
    """Write the store, and beside it one of each older version that the package can turn it into."""
    taxi = Pipeline(path)
    raw, examples = taxi.artifact("/data/raw.csv"), taxi.artifact("/taxi/examples/1")
    models = [taxi.artifact("/taxi/model/1"), taxi.artifact("/taxi/model/2")]
    taxi.run("ExampleGen", "run-1", [raw], [examples])
    taxi.run("Trainer", "run-1", [examples], models[:1])
    taxi.run("ExampleGen", "run-2", [raw], [examples], CACHED)
    taxi.run("Trainer", "run-2", [examples], models[1:])
    for version in range(9, 4, -1):
        shutil.copy(path, f"{path}.v{version}")
        metadata_store.downgrade_schema(connection(f"{path}.v{version}"), version)


if __name__ == "__main__":
    main(sys.argv[1])
