"""Readers of lineage that others recorded: one module a source, each giving facts for a store."""
