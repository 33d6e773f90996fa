"""How metrics are kept: outputs joined with their labels, windows that move by their new rows, incidents and alerts."""
