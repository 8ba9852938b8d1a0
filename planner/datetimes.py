"""Dates and times written as text: storage/datetimes.py, which COPY reads with, too."""
from __future__ import annotations

from ..storage.datetimes import DAY, has_zone, read_date, read_time, read_timestamp, read_timetz, zoned_time

__all__ = ["DAY", "has_zone", "read_date", "read_time", "read_timestamp", "read_timetz", "zoned_time"]
