"""Artifacts: what the pointers of the graph point to, kept by the digest of its content."""
