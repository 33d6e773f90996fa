"""Facts that wait on this machine's disk for the store: what is erased is taken out of them, too.

Spools of other machines are out of reach; what they send is redacted when it comes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from headwater.graph.redaction import Redaction
from headwater.graph.wire import fact_to_dict
from headwater.sdk.spool import Spool


def scrub_spool(folder: Path, redaction: Redaction, plain: Sequence[str]) -> int:
    """Redact the facts that wait in a spool; return how many files were written anew.

    Lines that could not be read are deleted where one of the `plain` texts stands in them.
    """
    spool = Spool(lambda: folder)
    changed = sum(_rewritten(spool, path, redaction) for path in spool.files())
    return changed + sum(_weeded(path, plain) for path in folder.glob("*.bad"))


def _rewritten(spool: Spool, path: Path, redaction: Redaction) -> bool:
    """Redact one file. Who sends the old one at this moment does no harm: a store redacts what comes."""
    facts = spool.read(path)
    left = [found for fact in facts if (found := redaction.redact(fact)) is not None]
    if [fact_to_dict(fact) for fact in facts] == [fact_to_dict(fact) for fact in left]:
        return False
    spool.write(left)
    spool.remove(path)
    return True


def _weeded(path: Path, plain: Sequence[str]) -> bool:
    lines = path.read_bytes().splitlines()
    told = [form for text in plain for form in _forms(text)]
    kept = [line for line in lines if not any(form in line for form in told)]
    if kept == lines:
        return False
    part = path.with_suffix(".bad.part")
    part.write_bytes(b"\n".join(kept))
    part.replace(path)
    return True


def _forms(text: str) -> set[bytes]:
    """Return the bytes by which a text stands in a line of JSON."""
    return {text.encode(), json.dumps(text)[1:-1].encode(), json.dumps(text, ensure_ascii=False)[1:-1].encode()}
