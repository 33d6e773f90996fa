"""The HTTP service, a thin door to `headwater.graph.lineage`: `app.create_app` makes it, `tokens` says who may ask."""
