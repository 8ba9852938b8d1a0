"""Where a database's wlm_json_configuration comes from, and how it changes."""
from __future__ import annotations

from typing import Any

from ...wlm.configuration import DEFAULT, Configuration


def configured(database: Any) -> Configuration:
    """What the database was opened with."""
    return DEFAULT
