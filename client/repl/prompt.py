"""The interactive prompt: multi-line editing until ';', history, suggestions, colours, completion.

    dw=> select n_name          Enter goes on while the statement is unfinished
      -> from nation;           Enter behind ';' runs it; Alt-Enter runs at once
    dw=> \\d nation              a backslash command ends with its line
    dw=> ^C                     an empty prompt again; while a statement runs: cancels it
    dw=> ^D                     leaves

History is kept in the user's state folder (WAREHOUSE_HISTORY names another file).
"""
from __future__ import annotations

import os
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.application.current import get_app
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer

from ... import __version__
from . import splitter
from .completion import SqlCompleter
from .highlight import RedshiftLexer
from .shell import EXIT_OK, Shell

CHANGES = ("create", "drop", "alter", "\\")


def repl(shell: Shell) -> int:
    """Read and run until \\q or Ctrl-D."""
    shell.interactive = True
    shell.tell(f"warehouse-sql {__version__}: Redshift's SQL in this process. \\? for help, \\q to leave.")
    completer = SqlCompleter(shell.connection)
    session = make_session(completer)
    name = Path(shell.database).name or shell.database
    while not shell.done:
        try:
            text = session.prompt(f"{name}=> ", prompt_continuation=lambda width, *_: "-> ".rjust(width))
        except KeyboardInterrupt:
            continue
        except EOFError:
            break
        try:
            shell.run_text(text)
        except KeyboardInterrupt:
            continue
        if any(text.lstrip().lower().startswith(word) for word in CHANGES):
            completer.refresh()
    return EXIT_OK


def make_session(completer: SqlCompleter) -> PromptSession[str]:
    """The line editor."""
    return PromptSession(
        multiline=Condition(_unfinished),
        history=history(),
        auto_suggest=AutoSuggestFromHistory(),
        lexer=PygmentsLexer(RedshiftLexer),
        completer=completer,
        complete_while_typing=True,
        key_bindings=bindings(),
        enable_open_in_editor=True,
    )


def _unfinished() -> bool:
    """Whether Enter adds a line: the statement is not ended, or the cursor is not at its end."""
    buffer = get_app().layout.get_buffer_by_name(DEFAULT_BUFFER)
    return buffer is not None and not splitter.is_complete(buffer.text)


def bindings() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("escape", "enter", filter=has_focus(DEFAULT_BUFFER))
    def _run_now(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    return keys


def history() -> History:
    """The history file, or none where it cannot be written."""
    named = os.environ.get("WAREHOUSE_HISTORY")
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    path = Path(named) if named else state / "warehouse-sql" / "history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))
