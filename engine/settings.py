"""Session settings: Redshift's configuration parameters by their own names, for SET, RESET and SHOW.

Each `Setting` knows its default and how to check a value. `effect` says what it does *here*. A value that this
engine could not honour is refused by name rather than kept.

    set statement_timeout to 5000;     show search_path;     reset query_group;

Names with a dot (`app_context.user_id`) are session context variables: any text, unset is an error.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from ..errors import DataError, NotSupportedError, ProgrammingError, UndefinedObject
from ..records import dataclass

Check = Callable[[str, str], str]
_INVALID = "22023"


class Settings(Mapping[str, str]):
    """The values of one session, as text; `copy()` gives each statement its own.

    `values`: all of them, never changed: the next SET puts others in their place. So who has worked out something from
    settings need only look whether they still are the same object."""

    __slots__ = ("_defaults", "values")

    def __init__(self, defaults: Mapping[str, str] | None = None) -> None:
        self._defaults = {name: setting.default for name, setting in SETTINGS.items()}
        for name, value in (defaults or {}).items():
            self._defaults[name] = _known(name).check(name, value)
        self.values: Mapping[str, str] = dict(self._defaults)  # type: ignore[assignment]

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Settings:
        """A session's values, as another process has sent them."""
        made = cls()
        made.values = dict(values)
        return made

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def every(self) -> tuple[str, ...]:
        """All values, as what a plan may depend on."""
        return tuple(self.values.values())

    def copy(self) -> Settings:
        other = Settings.__new__(Settings)
        other._defaults = self._defaults
        other.values = self.values
        return other

    def set(self, name: str, value: str | None) -> None:
        """SET name TO value; None is DEFAULT."""
        name = canonical(name)
        if "." in name:
            changed = {**self.values}
            if value is None:
                changed.pop(name, None)
            else:
                changed[name] = value
            self.values = changed
            return
        setting = _known(name)
        self.values = {**self.values, name: self._defaults[name] if value is None else setting.check(name, value)}

    def reset_all(self) -> None:
        self.values = dict(self._defaults)

    def show(self, name: str) -> str:
        name = canonical(name)
        if name not in self.values:
            raise _unknown(name)
        return self.values[name]

    @property
    def search_path(self) -> tuple[str, ...]:
        return split_names(self.values["search_path"])

    @property
    def zone(self) -> str:
        """The session's time zone, by a name that the zone functions know."""
        timezone = self.values["timezone"]
        if timezone == "UTC":
            return timezone
        from ..storage.timezones import zone_name

        return zone_name(timezone)

    @property
    def exact_names(self) -> bool:
        """Whether names in double quotes keep their case."""
        return (self.values["enable_case_sensitive_identifier"] == "on"
                or self.values["downcase_delimited_identifier"] == "off")

    @property
    def statement_timeout(self) -> int:
        """Milliseconds; 0 = none."""
        return int(self.values["statement_timeout"])


def canonical(name: str) -> str:
    """A setting's name as the table below has it."""
    name = " ".join(name.lower().split())
    return _ALIASES.get(name, name)


@lru_cache(64)
def split_names(text: str) -> tuple[str, ...]:
    """`"$user", public, 'Odd Name'` -> ('$user', 'public', 'Odd Name'); unquoted names fold to lower case."""
    names = []
    for part in text.split(","):
        part = part.strip()
        if len(part) >= 2 and part[0] == part[-1] and part[0] in "\"'":
            names.append(part[1:-1])
        elif part:
            names.append(part.lower())
    return tuple(names)


def _known(name: str) -> Setting:
    setting = SETTINGS.get(name)
    if setting is None:
        raise _unknown(name)
    return setting


def _unknown(name: str) -> ProgrammingError | NotSupportedError:
    if name in _NO_MEANING:
        return NotSupportedError(f'parameter "{name}" is not supported: {_NO_MEANING[name]}')
    near = difflib.get_close_matches(name, SETTINGS, n=1)
    return UndefinedObject(
        f'unrecognized configuration parameter "{name}"',
        hint=f'Did you mean "{near[0]}"?' if near else None,
    )


def _invalid(name: str, value: str, wanted: str) -> ProgrammingError:
    return ProgrammingError(
        f'invalid value for parameter "{name}": "{value}"', hint=f"It takes {wanted}.", sqlstate=_INVALID
    )


# -- checks: (name, value) -> the value as kept ------------------------------------------------


def _text(name: str, value: str) -> str:
    return value


def _boolean(name: str, value: str) -> str:
    word = value.strip().lower()
    if word in ("on", "true", "t", "yes", "y", "1"):
        return "on"
    if word in ("off", "false", "f", "no", "n", "0"):
        return "off"
    raise _invalid(name, value, "on or off")


def _fraction(name: str, value: str) -> str:
    if not value:  # none: nothing is to be the same again
        return value
    try:
        number = float(value)
    except ValueError:
        raise _invalid(name, value, "a number from 0 to 1") from None
    if not 0 <= number <= 1:
        raise ProgrammingError(f'{value} is outside the valid range for parameter "{name}" (0 .. 1)', sqlstate=_INVALID)
    return value


def _integer(low: int, high: int) -> Check:
    def check(name: str, value: str) -> str:
        try:
            number = int(value)
        except ValueError:
            raise _invalid(name, value, "a whole number") from None
        if not low <= number <= high:
            raise ProgrammingError(
                f'{number} is outside the valid range for parameter "{name}" ({low} .. {high})',
                sqlstate=_INVALID,
            )
        return str(number)

    return check


def _percent(name: str, value: str) -> str:
    try:
        number = float(value)
    except ValueError:
        raise _invalid(name, value, "a number") from None
    if not 0 <= number <= 100:
        raise ProgrammingError(f'{value} is outside the valid range for parameter "{name}" (0 .. 100)',
                               sqlstate=_INVALID)
    return value.strip()


def _one_of(*choices: str) -> Check:
    def check(name: str, value: str) -> str:
        word = value.strip().lower()
        if word not in choices:
            raise _invalid(name, value, "one of " + ", ".join(choices))
        return word

    return check


def _only(kept: str, *accepted: str) -> Check:
    """Takes spellings of one value; others exist on Redshift but are refused here."""

    def check(name: str, value: str) -> str:
        if value.strip().lower().replace(" ", "") not in accepted:
            raise NotSupportedError(f'parameter "{name}" can only be {kept!r} here, not "{value}"')
        return kept

    return check


def _milliseconds(name: str, value: str) -> str:
    word = value.strip().lower()
    for unit, factor in (("ms", 1), ("min", 60_000), ("s", 1000), ("h", 3_600_000)):
        if word.endswith(unit) and word[: -len(unit)].strip().isdigit():
            word = str(int(word[: -len(unit)]) * factor)
            break
    return _integer(0, (1 << 31) - 1)(name, word)


def _time_zone(name: str, value: str) -> str:
    from ..storage.timezones import session_zone

    try:
        return session_zone(value)
    except DataError:
        raise _invalid(
            name, value, "a time zone's full name, such as America/New_York, or hours from UTC, such as -8:00"
        ) from None


def _path(name: str, value: str) -> str:
    """Names in quotes where they need them; $user stays as it is while nobody quotes it, as in the default."""
    bare = value.strip().lower().startswith("$user")
    return ", ".join(
        n if (n == n.lower() and n.isidentifier()) or (bare and n == "$user") else f'"{n}"' for n in split_names(value)
    )


@dataclass(frozen=True, slots=True)
class Setting:
    """One parameter: its default, how a value is checked, what it does here."""

    default: str
    check: Check
    effect: str


SETTINGS: dict[str, Setting] = {
    "analyze_threshold_percent": Setting("10", _percent, "ANALYZE skips tables of which fewer rows have changed"),
    "application_name": Setting("", _text, "recorded with the session"),
    "auto_analyze": Setting("on", _boolean, "the background worker analyzes tables that have changed"),
    "auto_maintenance": Setting("on", _boolean, "the background worker rests while it is off in a session"),
    "cast_super_null_on_error": Setting("on", _boolean, "a cast from SUPER that fails is NULL, not an error"),
    "client_encoding": Setting("UTF8", _only("UTF8", "utf8", "utf-8", "unicode"), "text is UTF-8"),
    "compatibility": Setting("redshift", _one_of("redshift", "extended"), "'redshift' refuses what Redshift refuses"),
    "data_catalogue": Setting(
        "embedded", _one_of("embedded", "glue"), "which one CREATE EXTERNAL SCHEMA ... FROM DATA CATALOG means"
    ),
    "datestyle": Setting(
        "ISO, MDY",
        _only("ISO, MDY", "iso", "iso,mdy", "mdy", "mdy,iso"),
        "dates print as ISO; 1/2/2020 is January 2",
    ),
    "default_array_search_null_handling": Setting("on", _boolean, "ARRAY_CONTAINS and the like find NULL elements"),
    "describe_field_name_in_uppercase": Setting("off", _boolean, "columns of results have names in upper case"),
    "downcase_delimited_identifier": Setting(
        "on", _boolean, "off: as enable_case_sensitive_identifier on, which takes its place"
    ),
    "enable_case_sensitive_identifier": Setting(
        "off", _boolean, "names in double quotes keep their case; others fold to lower case"
    ),
    "enable_case_sensitive_super_attribute": Setting(
        "off", _boolean, "attributes of SUPER are looked up as they are written, not in lower case"
    ),
    "enable_result_cache_for_session": Setting("on", _boolean, "a query over unchanged tables is answered from memory"),
    "enable_spectrum_oid": Setting("on", _boolean, "external tables have the column $spectrum_oid"),
    "enable_vacuum_boost": Setting("off", _boolean, "VACUUM of a table runs with BOOST"),
    "error_on_nondeterministic_update": Setting(
        "off", _boolean, "an UPDATE that finds several new values for a row is an error"
    ),
    "extra_float_digits": Setting("0", _integer(-15, 2), "floats as text have 15 digits (REAL: 6) and so many more"),
    "json_parse_dedup_attributes": Setting("off", _boolean, "JSON_PARSE keeps the last of equal names in an object"),
    "json_parse_truncate_strings": Setting("off", _boolean, "JSON_PARSE cuts strings beyond 65535 bytes"),
    "navigate_super_null_on_error": Setting("on", _boolean, "a path into SUPER that leads nowhere is NULL, no error"),
    "parse_super_null_on_error": Setting("off", _boolean, "JSON_PARSE of what is no JSON is NULL, not an error"),
    "query_group": Setting("unset", _text, "the label of statements in stl_query; leads them to their WLM queue"),
    "query_result_location": Setting("", _text, "results of queries are kept below it (engine/workgroups.py)"),
    "search_path": Setting("$user, public", _path, "where names without a schema are looked up"),
    "seed": Setting("", _fraction, "from 0 to 1: RANDOM gives the same numbers again behind the same one"),
    "server_version": Setting("8.0.2", _only("8.0.2", "8.0.2"), "what drivers read"),
    "spectrum_enable_pseudo_columns": Setting("on", _boolean, "external tables have $path, $size and $spectrum_oid"),
    "standard_conforming_strings": Setting(
        "off", _only("off", "off", "false", "0", "no"), "a backslash escapes in string literals"
    ),
    "statement_timeout": Setting("0", _milliseconds, "stops a statement after that many milliseconds"),
    "timezone": Setting("UTC", _time_zone, "TIMESTAMPTZ values are read and shown in that zone"),
    "transaction_isolation": Setting(
        "serializable", _only("serializable", "serializable"), "transactions behave as if one ran after the other"
    ),
    "wlm_query_slot_count": Setting("1", _integer(1, 50), "slots that a query takes in its queue (manual WLM)"),
    "workgroup": Setting("", _text, "queries run in it: its scan limit and result location hold"),
}

# Redshift's parameters that are refused by name, and why.
_NO_MEANING = {
    "datashare_break_glass_session_var": "there are no datashares here",
    "default_geometry_encoding": "spatial types are not supported",
    "json_serialization_enable": "columns of structures and arrays come as they are, or as SUPER",
    "json_serialization_parse_nested_strings": "columns of structures and arrays come as they are, or as SUPER",
    "max_concurrency_scaling_clusters": "it is part of the queues' configuration",
    "max_cursor_result_set_size": "it is deprecated, and cursors have no limit here",
    "mv_enable_aqmv_for_session": "materialized views are not supported",
    "pg_federation_repeatable_read": "federated queries are not supported",
    "spectrum_query_maxerror": "a value that cannot be read is an error",
    "stored_proc_log_min_messages": "stored procedures are not supported",
    "use_fips_ssl": "there is no wire here",
}

_ALIASES = {
    "time zone": "timezone",
    "transaction isolation level": "transaction_isolation",
    "session_timezone": "timezone",
}
