"""ML Metadata as a source: the SQLite file that TFX, Kubeflow Pipelines and their like keep their lineage in."""

from headwater.loaders.mlmd.loader import MlmdLoader

__all__ = ["MlmdLoader"]
