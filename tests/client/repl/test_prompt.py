"""The prompt: multi-line editing until ';', history, completion, colours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from pygments.token import Keyword, String
from warehouse import connect
from warehouse.client.repl import prompt
from warehouse.client.repl.completion import SqlCompleter
from warehouse.client.repl.highlight import RedshiftLexer
from warehouse.client.repl.shell import Shell


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    connection = connect(":memory:", autocommit=True)
    connection.execute("create table orders (o_id bigint, o_day date)")
    connection.execute("create table items (i_order bigint, price decimal(8,2))")
    yield connection
    connection.close()


def offered(connection: Any, text: str, behind: str = "") -> list[str]:
    document = Document(text + behind, len(text))
    return [c.text for c in SqlCompleter(connection).get_completions(document, CompleteEvent())]


def test_completion(connection: Any) -> None:
    assert offered(connection, "select * from o")[0] == "orders"
    assert offered(connection, "select * from orders o join it") == ["items"]
    assert offered(connection, "select o.", " from orders o")[:2] == ["o_id", "o_day"]
    assert offered(connection, "select pr", " from items")[0] == "price"
    assert "o_id" in offered(connection, "select o_")
    assert offered(connection, "SEL") == ["SELECT"]
    assert offered(connection, "\\ti") == ["timing"]
    assert offered(connection, "\\d ord") == ["orders"]
    assert "distkey" in offered(connection, "create table x (a int distk")


def test_completion_follows_the_catalogue(connection: Any) -> None:
    completer = SqlCompleter(connection)
    connection.execute("create table latest (a int)")
    assert "latest" not in completer.columns
    completer.refresh()
    assert completer.columns["latest"] == ["a"]
    connection.execute("drop table latest")


def test_redshift_words_are_keywords() -> None:
    tokens = {value: kind for kind, value in RedshiftLexer().get_tokens("create x distkey 'text'")}
    assert tokens["distkey"] in Keyword and tokens["create"] in Keyword
    assert any(kind in String for kind in tokens.values())


def typed(text: str, connection: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Shell, str]:
    """Run the prompt with these keys; the shell, and what went to its output."""
    monkeypatch.setenv("WAREHOUSE_HISTORY", str(tmp_path / "history"))
    shell = Shell(connection, ":memory:")
    with open(tmp_path / "out", "w+") as out, create_pipe_input() as keys:
        shell.out = out
        keys.send_text(text)
        with create_app_session(input=keys, output=DummyOutput()):
            assert prompt.repl(shell) == 0
        out.seek(0)
        return shell, out.read()


def test_enter_goes_on_until_the_semicolon(connection: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _, out = typed("select 40\r+ 2 as answer;\r\\q\r", connection, monkeypatch, tmp_path)
    assert "answer" in out and "42" in out
    kept = list(FileHistory(str(tmp_path / "history")).load_history_strings())
    assert kept[-1] == "select 40\n+ 2 as answer;"


def test_interrupt_clears_and_end_of_input_leaves(
    connection: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shell, out = typed("select nonsense\x03select 7 as seven;\r\x04", connection, monkeypatch, tmp_path)
    assert "seven" in out and "nonsense" not in out and not shell.done


def test_an_error_does_not_end_the_prompt(
    connection: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out = typed("select nope;\rselect 8 as eight;\r\\q\r", connection, monkeypatch, tmp_path)
    assert "eight" in out and 'column "nope" does not exist' in capsys.readouterr().err
