"""Any Neo4j database as a source: lineage that others keep there, by a mapping of labels and relationship types."""

from headwater.loaders.neo4j_graph.loader import Neo4jLoader

__all__ = ["Neo4jLoader"]
