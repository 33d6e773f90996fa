"""The parameters that several routes have in common, and names in addresses."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Depends, Query
from starlette.convertors import Convertor, register_url_convertor

from headwater.api.claims import MOST_NAME, MOST_REFERENCES, Instant, Name
from headwater.graph.lineage import Limits
from headwater.graph.lineage.runs import MAX_PAGE


class _NameConvertor(Convertor[str]):
    """Takes any text of an address as a name: slashes, line ends and all."""

    regex = r"[\s\S]+"

    def convert(self, value: str) -> str:
        """Return the name."""
        return value

    def to_string(self, value: str) -> str:
        """Return the text."""
        return value


register_url_convertor("name", _NameConvertor())

_Text = Annotated[str, Query(max_length=MOST_NAME)]
References: TypeAlias = Annotated[
    list[Name],
    Query(
        min_length=1, max_length=MOST_REFERENCES, description="A name, name@run, a digest or a run id; may be repeated."
    ),
]
Reference: TypeAlias = Annotated[str, Query(min_length=1, max_length=MOST_NAME)]
AsOf: TypeAlias = Annotated[Instant | None, Query(description="Leave out what came later.")]
Size: TypeAlias = Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many.")]
Cursor: TypeAlias = Annotated[str | None, Query(max_length=4_096, description="Where the page before ended.")]
Formula: TypeAlias = Annotated[
    str | None, Query(description="ochiai, frequency, dstar2, tarantula or risk_ratio.", max_length=64)
]


async def _limits(
    depth: Annotated[int | None, Query(ge=0, description="Stop after this many runs.")] = None,
    nodes: Annotated[int | None, Query(ge=1, description="Stop at this many nodes.")] = None,
    time: Annotated[float | None, Query(ge=0, allow_inf_nan=False, description="Stop after this many seconds.")] = None,
    stop_at: Annotated[_Text | None, Query(description="Do not go on behind runs of this component.")] = None,
) -> Limits:
    return Limits(depth, nodes, time, stop_at)


Within: TypeAlias = Annotated[Limits, Depends(_limits)]
