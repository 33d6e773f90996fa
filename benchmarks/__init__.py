"""Figures that are measured by a command: how fast the graph answers, and how often the ranking is right."""
