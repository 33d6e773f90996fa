"""Writers of lineage in other tools' formats: one module a format, each over `loaders.exporting`."""
