"""Texts out of a pickle that is never loaded: its operations are read one by one, and none of them is carried out."""

from __future__ import annotations

import pickletools

# What pickling a list of texts comes to beside the list and the texts, and nothing that names, makes or calls anything.
_HARMLESS = frozenset(
    ("PROTO", "FRAME", "MARK", "APPEND", "APPENDS", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "STOP")
)
_LISTS = frozenset({"EMPTY_LIST", "LIST"})
_TEXTS = frozenset({"UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"})


def pickled_texts(content: bytes) -> list[str] | None:
    """Return the texts of a pickled list of texts, None when the bytes are anything else.

    A text that stands in the list twice makes it something else too: the second is no text but a reference.
    """
    texts = []
    lists = 0
    try:
        for operation, argument, _ in pickletools.genops(content):
            if operation.name in _TEXTS:
                texts.append(str(argument))
            elif operation.name in _LISTS:
                lists += 1
            elif operation.name not in _HARMLESS:
                return None
    except (ValueError, UnicodeError):
        return None
    return texts if lists == 1 else None
