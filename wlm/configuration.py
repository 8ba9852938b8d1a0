"""What a wlm_json_configuration says, checked: queues in order, the default one last, and the short queries' space.

    Configuration(automatic=False,
                  queues=(Queue("Queue 1", query_groups=("report",), concurrency=4, memory_percent=25), ...,
                          Queue("Default queue")),
                  short=True)

Service classes are numbered as the manual's (cm-c-wlm-system-tables-and-views.md): 5 the superuser queue, from 6 the
manual queues, 14 the short queries', from 100 the automatic ones.

`static_changes` says what of a new configuration cannot be applied to a running database (cm-c-wlm-dynamic-properties):
the mode; in manual WLM also groups, wildcards and the number of queues. Everything else is applied at once.
"""
from __future__ import annotations

from ..records import dataclass
from .priorities import Priority
from .rules import Rule

SUPERUSER_CLASS, FIRST_MANUAL, SHORT_CLASS, FIRST_AUTOMATIC = 5, 6, 14, 100
SUPERUSER_GROUP = "superuser"
SUPERUSER_NAME = "Service class for super user"
SHORT_NAME = "Short query queue"
DEFAULT_NAME = "Default queue"
MOST_QUEUES, MOST_SLOTS, DEFAULT_SLOTS = 8, 50, 5


@dataclass(frozen=True, slots=True)
class Queue:
    """One user queue. `memory_percent` and `concurrency`: manual WLM; `timeout`: milliseconds, 0 = none."""

    name: str
    user_groups: tuple[str, ...] = ()
    user_group_wild_card: bool = False
    query_groups: tuple[str, ...] = ()
    query_group_wild_card: bool = False
    user_roles: tuple[str, ...] = ()
    user_role_wild_card: bool = False
    concurrency: int = DEFAULT_SLOTS
    memory_percent: float = 0
    timeout: int = 0
    priority: Priority = Priority.NORMAL
    scaling: bool = False
    rules: tuple[Rule, ...] = ()

    @property
    def routing(self) -> tuple[object, ...]:
        """What decides which queries come here."""
        return (
            self.user_groups, self.user_group_wild_card, self.query_groups, self.query_group_wild_card,
            self.user_roles, self.user_role_wild_card,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Configuration:
    """See the module's text. `short_limit`: microseconds, 0 = found from what queries take; `text`: what was given."""

    automatic: bool
    queues: tuple[Queue, ...]
    short: bool = False
    short_limit: int = 0
    text: str = ""

    def service_class(self, position: int) -> int:
        """Of the queue at `position`."""
        return position + (FIRST_AUTOMATIC if self.automatic else FIRST_MANUAL)

    @property
    def default(self) -> int:
        """The default queue's position."""
        return len(self.queues) - 1

    @property
    def asks_for_groups(self) -> bool:
        """Whether users' groups or roles matter."""
        return any(q.user_groups or q.user_roles for q in self.queues)

    @property
    def scales(self) -> bool:
        """Whether any queue may use concurrency scaling."""
        return any(q.scaling for q in self.queues)

    @property
    def watched(self) -> bool:
        """Whether a running query may be acted on: rules, timeouts."""
        return any(q.rules or q.timeout for q in self.queues)


def static_changes(old: Configuration, new: Configuration) -> list[str]:
    """Properties that differ and need the database to be opened anew."""
    if old.automatic != new.automatic:
        return ["auto_wlm"]
    if old.automatic:
        return []
    if len(old.queues) != len(new.queues):
        return ["the number of queues"]
    names = ("user_group", "user_group_wild_card", "query_group", "query_group_wild_card", "user_role",
             "user_role_wild_card")  # fmt: skip
    found = {
        name
        for before, after in zip(old.queues, new.queues, strict=True)
        for name, a, b in zip(names, before.routing, after.routing, strict=True)
        if a != b
    }
    return sorted(found)


# Of a database to which nobody has given a configuration: Redshift's default parameter group.
DEFAULT_TEXT = '[{"auto_wlm":true},{"short_query_queue":true}]'
DEFAULT = Configuration(True, (Queue(DEFAULT_NAME, memory_percent=100),), short=True, text=DEFAULT_TEXT)
