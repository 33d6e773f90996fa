"""The tools for agents, asked by the official client: over stdin and stdout, over HTTP, and in this process."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from headwater.api.agents import MOST_CHARACTERS, agent_app, agent_server, bounded
from headwater.api.service import Service
from headwater.api.tokens import Scope, TokenFolder
from headwater.graph.connect import connect
from headwater.graph.facts import Output, RunFact
from headwater.graph.lineage import Limits, inspect_document
from headwater.graph.lineage.face import Lineage
from headwater.testing.rules import ran
from tests.integration.test_api_nothing_sticks import Hanging
from tests.support.http_service import DEADLINE_S, START, listening, pipeline, settings, until

TOOLS = {"trace", "impact", "rank", "stale", "inspect"}


@pytest.fixture
def lineage(tmp_path: Path) -> Iterator[Lineage]:
    with connect(f"sqlite:///{tmp_path}/lineage.db") as found:
        found.record(pipeline())
        yield found


@pytest.fixture
def service(lineage: Lineage, tmp_path: Path) -> Service:
    return Service.of(settings(tmp_path), lineage)


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Hanging:
    return Hanging(monkeypatch)


def with_client(where: Any, work: Callable[[Client], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with Client(where) as client:
            return await work(client)

    return asyncio.run(run())


def told(where: Any, tool: str, **words: Any) -> Any:
    """Return the document that a tool answers with."""
    found = with_client(where, lambda client: client.call_tool(tool, words))
    assert not found.is_error, found.content
    return found.structured_content


def refused(where: Any, tool: str, **words: Any) -> str:
    found = with_client(where, lambda client: client.call_tool(tool, words))
    assert found.is_error
    return str(found.content[0].text)


def test_each_tool_answers_as_the_library_does(service: Service, lineage: Lineage) -> None:
    server = agent_server(service)
    assert told(server, "trace", of=["out.csv"]) == lineage.trace("out.csv").to_dict()
    assert told(server, "impact", of=["raw.csv"], depth=1) == lineage.impact("raw.csv", Limits(1)).to_dict()
    whole = {"complete": True, "truncated": None}
    assert told(server, "rank", outputs=["out2.csv"], contrast=["out.csv"]) == {
        **lineage.rank(["out2.csv"], ["out.csv"]).to_dict(),
        **whole,
    }
    assert told(server, "inspect", run="r3") == {**inspect_document(lineage.inspect("r3")), **whole}
    assert told(server, "stale", of="out.csv") == {**lineage.stale("out.csv").to_dict(), **whole}
    every = [one.to_dict() for one in lineage.stale_components()]
    assert told(server, "stale") == {"stale": every, **whole}


def test_every_tool_says_that_it_only_reads(service: Service) -> None:
    tools = with_client(agent_server(service), lambda client: client.list_tools()).tools
    assert {tool.name for tool in tools} == TOOLS
    assert all(tool.annotations.read_only_hint and tool.description for tool in tools)


def test_a_long_answer_is_cut_and_says_so(service: Service, lineage: Lineage) -> None:
    wide = [ran(f"w{n}", n, n + 1, ["wide"], [f"w{n}.csv"]) for n in range(300)]
    many = tuple(Output(f"part {n}") for n in range(500))
    lineage.record([*wide, RunFact("big", "split", started_at=START, outputs=many, params={"text": "x" * 10_000})])
    server = agent_server(service)
    reached = told(server, "impact", of=["wide"])
    assert (len(reached["nodes"]), reached["complete"], reached["truncated"]["reason"]) == (200, False, "nodes")
    assert reached["truncated"]["frontier"]
    run = told(server, "inspect", run="big")
    assert (len(run["outputs"]), run["complete"]) == (100, False)
    assert run["truncated"] == {"/outputs": 400, "/params/text": 10_000 - MOST_CHARACTERS}


def test_what_is_short_is_left_as_it_is() -> None:
    document = {"a": [1, {"b": None}], "c": "d"}
    assert bounded(document, 2) == {**document, "complete": True, "truncated": None}
    assert bounded({"a": [[1, 2, 3], 4, 5]}, 2)["truncated"] == {"/a": 1, "/a/0": 1}


@pytest.mark.parametrize(
    ("tool", "words", "said"),
    [
        ("trace", {"of": ["nothing"]}, "unknown_pointer"),
        ("inspect", {"run": "nothing"}, "unknown_run"),
        ("trace", {"of": []}, "at least 1 item"),
        ("trace", {"of": ["out.csv"], "nodes": 100_000}, "less than or equal to 2000"),
        ("rank", {"outputs": ["x" * 10_000]}, "at most 4609 characters"),
    ],
)
def test_a_question_that_makes_no_sense_is_told_why(
    service: Service, tool: str, words: dict[str, Any], said: str
) -> None:
    assert said in refused(agent_server(service), tool, **words)


def test_an_agent_starts_the_program_and_asks(lineage: Lineage, tmp_path: Path) -> None:
    environ = {**os.environ, "HEADWATER_STORE": f"sqlite:///{tmp_path}/lineage.db"}
    words = ["-m", "headwater.cli", "mcp"]
    program = StdioServerParameters(command=sys.executable, args=words, env=environ, cwd=tmp_path)

    async def ask(client: Client) -> list[Any]:
        names = {tool.name for tool in (await client.list_tools()).tools}
        traced = await client.call_tool("trace", {"of": ["out.csv"]})
        return [names, traced.structured_content]

    assert with_client(program, ask) == [TOOLS, lineage.trace("out.csv").to_dict()]


@pytest.fixture
def url(service: Service) -> Iterator[str]:
    with listening(agent_app(service)) as found:
        yield f"{found}/mcp"


@asynccontextmanager
async def bearing(url: str, token: str) -> AsyncIterator[Any]:
    """Speak to the address with a token."""
    async with (
        httpx2.AsyncClient(headers={"authorization": f"Bearer {token}"}) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


def test_agents_ask_over_http_without_tokens_on_this_machine(url: str, lineage: Lineage) -> None:
    assert told(url, "trace", of=["out.csv"]) == lineage.trace("out.csv").to_dict()


def test_agents_need_a_token_that_may_read(url: str, lineage: Lineage, tmp_path: Path) -> None:
    folder = TokenFolder(tmp_path / "tokens")
    _, reads = folder.add("agent", [Scope.READ])
    _, writes = folder.add("job", [Scope.WRITE])
    assert told(bearing(url, reads), "impact", of=["raw.csv"]) == lineage.impact("raw.csv").to_dict()
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "stale", "arguments": {}}}

    def answered(token: str) -> int:
        headers = {"authorization": f"Bearer {token}", "accept": "application/json, text/event-stream"}
        return httpx2.post(url, json=call, headers=headers).status_code

    assert [answered(token) for token in ("nothing", "hw_wrong", writes)] == [401, 401, 403]
    assert answered(reads) != 401


def test_a_page_of_another_site_is_not_answered(url: str) -> None:
    got = httpx2.post(url, content=json.dumps({}), headers={"host": "evil.example"})
    assert got.status_code == 401


def test_a_question_that_takes_too_long_is_ended_and_says_so(
    lineage: Lineage, tmp_path: Path, hanging: Hanging
) -> None:
    service = Service.of(settings(tmp_path, api_timeout_s=0.05), lineage)
    hanging.is_on = True
    assert "question_ended" in refused(agent_server(service), "inspect", run="r3")
    until(lambda: service.questions.asked == 0)


def test_a_question_whose_agent_leaves_is_ended(service: Service, hanging: Hanging) -> None:
    async def leave(client: Client) -> None:
        asked = asyncio.ensure_future(client.call_tool("inspect", {"run": "r3"}))
        await asyncio.to_thread(hanging.began.wait, DEADLINE_S)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)

    hanging.is_on = True
    with_client(agent_server(service), leave)
    until(lambda: hanging.ended.is_set() and service.questions.asked == 0)
