"""The loader of W3C PROV: `loader` gives what `account` gathers of a document and `mapping` makes of that.

Only `reading`, `account` and `loader` need the prov library; names are shared with the exporter, which does not.
"""
