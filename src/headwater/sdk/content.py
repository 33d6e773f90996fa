"""The digest of a value's content: equal content gives equal text in any process and in any order of its parts.

Never of its repr or its identity. A value that has no such digest (a generator, a lock, something huge or changing) is
an outcome with a reason, not an exception. Knows numpy and pandas only when the program has imported them.
"""

from __future__ import annotations

import hashlib
import marshal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, NamedTuple, cast

from headwater.sdk.faults import storable

LIMIT_BYTES = 1 << 28
LIMIT_PARTS = 1_000_000
_CHUNK_BYTES = 1 << 22
_SCALARS = frozenset({bool, int, float, complex, str, bytes, type(None)})


class Content(NamedTuple):
    """The digest of a content, or None and the reason why there is none."""

    digest: str | None
    reason: str | None = None


class Undigestible(Exception):
    """The content has no digest."""


def digest_of(value: object, limit_bytes: int | None = None) -> Content:
    """Return the digest of the content, as `value1-sha256:` and hexadecimal digits; never raises an Exception.

    None with a reason above LIMIT_BYTES bytes (or the limit that is given) or LIMIT_PARTS parts, for cycles, for what
    changes while it is read and for what cannot be told apart by content. Nothing is consumed: iterators have no
    digest. Cost: about 1 s a GB, and 1 s for a million Python objects.
    """
    try:
        return Content(f"value1-sha256:{_Walk(limit_bytes or LIMIT_BYTES).digest(value).hex()}")
    except RecursionError:
        return Content(None, "too deep, or it contains itself")
    except Exception as exc:  # noqa: BLE001  # the methods of a foreign value may raise anything
        return Content(None, storable(str(exc)) or type(exc).__name__)


class _Walk:
    """One walk over one value. Parts that are shared are read once, so the cost is linear in what there is."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._parts = 0
        self._known: dict[int, bytes] = {}
        self._alive: list[object] = []
        self._open: set[int] = set()

    def digest(self, value: object) -> bytes:
        """Return the digest of one part: a hash of its type and of its own parts' digests."""
        kind = type(value)
        if kind in _SCALARS:
            return self._hashed(b"scalar", [marshal.dumps(cast("Any", value), 0)])
        if (known := self._known.get(id(value))) is not None:
            return known
        if id(value) in self._open:
            raise Undigestible("it contains itself")
        self._open.add(id(value))
        found = self._hashed(*self._read(kind, value))
        self._open.discard(id(value))
        self._known[id(value)] = found
        self._alive.append(value)  # so that no other object gets its id during this walk
        return found

    def _hashed(self, tag: bytes, parts: Iterable[Any]) -> bytes:
        self._parts += 1
        if self._parts > LIMIT_PARTS:
            raise Undigestible(f"more than {LIMIT_PARTS:,} parts")
        hashed = hashlib.sha256(b"%d %b\0" % (len(tag), tag))
        for part in parts:
            size = memoryview(part).nbytes
            self.check(size)
            self._bytes += size
            hashed.update(b"%d\0" % size)
            hashed.update(part)
        return hashed.digest()

    def check(self, size_bytes: int) -> None:
        """Raise Undigestible when so many more bytes would be too many."""
        if self._bytes + size_bytes > self._limit_bytes:
            raise Undigestible(f"larger than {self._limit_bytes >> 20} MiB")

    def _read(self, kind: type, value: Any) -> tuple[bytes, Iterable[Any]]:
        """Return a tag for the type and the byte strings that tell two values of it apart."""
        if (reader := _READERS.get(kind)) is not None:
            return reader(self, value)
        return (_library_reader(kind) or _object)(self, value)


_Found = tuple[bytes, Iterable[Any]]


def _sequence(walk: _Walk, value: list[Any] | tuple[Any, ...]) -> _Found:
    tag = type(value).__name__.encode()
    if set(map(type, value)) <= _SCALARS:
        return tag + b" of scalars", [marshal.dumps(list(value), 0)]
    return tag, map(walk.digest, value)


def _dict(walk: _Walk, value: dict[Any, Any]) -> _Found:
    return b"dict", sorted(walk.digest(key) + walk.digest(item) for key, item in value.items())


def _set(walk: _Walk, value: set[Any] | frozenset[Any]) -> _Found:
    return b"set", sorted(map(walk.digest, value))


def _buffer(_: _Walk, value: bytearray | memoryview) -> _Found:
    return b"buffer", [memoryview(value).cast("B")]


def _named(_: _Walk, value: Any) -> _Found:
    return b"named", [f"{value.__module__}:{value.__qualname__}".encode()]


def _function(walk: _Walk, value: FunctionType) -> _Found:
    code, free = value.__code__, [cell.cell_contents for cell in value.__closure__ or ()]
    rest = (code.co_names, [_constant(one) for one in code.co_consts], value.__defaults__, value.__kwdefaults__, free)
    return b"function", [value.__qualname__.encode(), code.co_code, walk.digest(rest)]


def _constant(value: object) -> object:
    """Return a constant of a function; a function inside it by what it does, not by the file that it stands in."""
    code = getattr(value, "co_code", None)
    return value if code is None else (code, [_constant(one) for one in value.co_consts])  # type: ignore[attr-defined]


def _module(_: _Walk, value: ModuleType) -> _Found:
    return b"module", [value.__name__.encode()]


def _object(walk: _Walk, value: Any) -> _Found:
    """Read any object as pickle would take it apart: how it is made again, and its state."""
    if isinstance(value, type):
        return _named(walk, value)
    if isinstance(value, Iterator):
        raise Undigestible(f"a {type(value).__name__} can be read only once")
    reduced = value.__reduce_ex__(4)
    if isinstance(reduced, str):
        return b"global", [f"{type(value).__module__}:{reduced}".encode()]
    make, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
    listed = None if items is None else list(items)
    mapped = None if pairs is None else dict(pairs)
    parts = (make, arguments, state, listed, mapped)
    return type(value).__qualname__.encode(), map(walk.digest, parts)


def _array(walk: _Walk, value: Any) -> _Found:
    """Read a numpy array in C order, whatever its layout; a record field by field, for its padding is no content."""
    head = f"{value.dtype.str} {value.shape}".encode()
    if value.dtype.names is not None:
        return b"record array", [head, *(walk.digest(value[name]) for name in value.dtype.names)]
    if value.dtype.hasobject:
        return b"object array", [head, walk.digest(value.tolist())]
    walk.check(value.nbytes)
    return b"array", _chunked(head, value)


def _chunked(head: bytes, value: Any) -> Iterator[Any]:
    yield head
    flat = value.reshape(-1) if value.flags.c_contiguous else value.flatten()
    step = max(1, _CHUNK_BYTES // max(1, value.dtype.itemsize))
    for start in range(0, len(flat), step):
        yield flat[start : start + step].tobytes()


def _frame(walk: _Walk, value: Any) -> _Found:
    columns = (_column(walk, value.iloc[:, place]) for place in range(value.shape[1]))
    return b"frame", [walk.digest(value.columns.tolist()), walk.digest(value.index), *chain.from_iterable(columns)]


def _series(walk: _Walk, value: Any) -> _Found:
    return b"series", [walk.digest(value.name), walk.digest(value.index), *_column(walk, value)]


def _index(walk: _Walk, value: Any) -> _Found:
    return b"index", [walk.digest(list(value.names)), *_column(walk, value)]


def _column(walk: _Walk, value: Any) -> list[bytes]:
    """Read one column: numbers and times as they lie in memory, anything else as Python values, a gap as None."""
    dtype = str(value.dtype).encode()
    if value.dtype.kind in "biufcmM" and not hasattr(value.dtype, "na_value"):
        return [dtype, walk.digest(value.to_numpy())]
    if hasattr(value.dtype, "tz"):
        return [dtype, walk.digest(value.to_numpy(dtype=f"M8[{value.dtype.unit}]"))]
    if hasattr(value, "levels"):
        return [dtype, walk.digest(value.tolist())]
    present = value.notna().tolist()
    items = [item if there else None for item, there in zip(value.tolist(), present, strict=True)]
    return [dtype, walk.digest(items)]


_Reader = Callable[[_Walk, Any], _Found]
_READERS: Mapping[type, _Reader] = {
    list: _sequence,
    tuple: _sequence,
    dict: _dict,
    set: _set,
    frozenset: _set,
    bytearray: _buffer,
    memoryview: _buffer,
    type: _named,
    FunctionType: _function,
    BuiltinFunctionType: _named,
    ModuleType: _module,
}
_PANDAS: Mapping[str, _Reader] = {"DataFrame": _frame, "Series": _series, "Index": _index}


def _library_reader(kind: type) -> _Reader | None:
    """Return the reader of a type of numpy or pandas; not of subclasses of arrays, which carry more: a mask, a unit."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and kind is getattr(numpy, "ndarray", None):
        return _array
    if pandas is not None and kind.__module__.partition(".")[0] == "pandas":
        found = (reader for name, reader in _PANDAS.items() if issubclass(kind, getattr(pandas, name, ())))
        return next(found, None)
    return None
