"""MLflow as a source: a tracking directory, a tracking database, or a tracking server."""

from headwater.loaders.mlflow.loader import MlflowLoader

__all__ = ["MlflowLoader"]
