"""The lineage graph: facts, the store, its two engines, and the questions that people ask."""
