"""Short query acceleration: what a query will take, and what counts as short.

The predictor learns from every query that ends. Two models, the first that has something to say:

    by shape     queries that differ in literals alone: the mean of the logarithm of their times, newest weighing most
    by plan      a line through the logarithms of rows and bytes read, with the number of joins, fitted as times
                 come in (recursive least squares, forgetting slowly)

Before either has seen enough, a plan's rows at a fixed speed.

The greatest run time of a short query is given (1 to 20 seconds), or found: the times of the latest queries are
parted, on a logarithmic scale, into two classes that differ most from each other and least within (Otsu's method).
Where there is only one kind of query nothing is short. Redshift's own rule, the 70th percentile plus two seconds,
is made for queries of seconds; here they take milliseconds.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from math import exp, log, log1p

from ..records import dataclass
from .requests import Estimate

SECOND = 1_000_000
LONGEST = 20 * SECOND
SHORTEST = 20_000  # microseconds: a smaller bound would be noise
ROWS_A_SECOND = 20_000_000
KNOWN_SHAPES = 2_000
TRUSTED = 12  # times that the line needs
NEWEST_PART = 0.3  # of the newest time in a shape's mean
FORGET = 0.995
WINDOW = 200  # latest times that part short from long
PARTED_BY = 4.0  # classes whose means are nearer than this factor are one
REFRESH = 16  # times between looks
LEAST_TIMES = 8


@dataclass(slots=True)
class _Shape:
    """Of a query's shape: mean of the logarithm of its times, the most memory that one took lately, times seen."""

    log_time: float
    memory: float
    seen: int = 0


class Predictor:
    """See the module's text. Times are microseconds."""

    def __init__(self, limit: int = 0) -> None:
        """`limit`: the greatest time of a short query; 0: found."""
        self.limit = limit
        self._shapes: dict[Hashable, _Shape] = {}
        self._weights = [0.0] * 4
        self._spread = [[1000.0 if i == j else 0.0 for j in range(4)] for i in range(4)]
        self._seen = 0
        self._times: deque[int] = deque(maxlen=WINDOW)
        self._found: int | None = None
        self._since = 0

    def observe(self, shape: Hashable, estimate: Estimate, time: int, memory: int) -> None:
        """A query has run to its end."""
        value = log(max(time, 1))
        known = None
        if shape is not None:
            known = self._shapes.pop(shape, None)
            if known is None:
                known = _Shape(value, memory)
            else:
                known.log_time += NEWEST_PART * (value - known.log_time)
                known.memory = max(memory, known.memory + NEWEST_PART * (memory - known.memory))
            self._shapes[shape] = known
            if len(self._shapes) > KNOWN_SHAPES:
                del self._shapes[next(iter(self._shapes))]
            known.seen += 1
        if known is None or known.seen % REFRESH == 1:  # one shape's thousand times teach the line little
            self._learn(_features(estimate), value)
        self._times.append(time)
        self._since += 1

    def _learn(self, x: tuple[float, ...], value: float) -> None:
        """One step of recursive least squares."""
        p = self._spread
        px = [sum(row[j] * x[j] for j in range(4)) for row in p]
        gain = [v / (FORGET + sum(x[i] * px[i] for i in range(4))) for v in px]
        miss = value - sum(w * f for w, f in zip(self._weights, x, strict=True))
        self._weights = [w + g * miss for w, g in zip(self._weights, gain, strict=True)]
        self._spread = [[(p[i][j] - gain[i] * px[j]) / FORGET for j in range(4)] for i in range(4)]
        if max(self._spread[i][i] for i in range(4)) > 1e6:  # nothing new for long: do not forget all that is known
            self._spread = [[1000.0 if i == j else 0.0 for j in range(4)] for i in range(4)]
        self._seen += 1

    def time(self, shape: Hashable, estimate: Estimate) -> int:
        """What a query will take."""
        known = self._shapes.get(shape)
        if known is not None:
            return int(exp(known.log_time))
        if self._seen >= TRUSTED:
            guess = sum(w * f for w, f in zip(self._weights, _features(estimate), strict=True))
            return int(exp(min(guess, 30.0)))
        return int(estimate.rows * SECOND / ROWS_A_SECOND)

    def memory(self, shape: Hashable, estimate: Estimate) -> int:
        """Bytes that it will hold."""
        known = self._shapes.get(shape)
        return estimate.memory if known is None else int(known.memory)

    def is_short(self, shape: Hashable, estimate: Estimate) -> bool:
        return self.time(shape, estimate) < self.longest

    @property
    def longest(self) -> int:
        """The greatest time of a short query."""
        if self.limit:
            return self.limit
        if self._found is None or self._since >= REFRESH:
            self._found, self._since = self._parted(), 0
        return self._found

    @property
    def patience(self) -> int:
        """What a short query may really take before it has to go. A found bound is one of quiet times, and among many
        others everything takes longer: never less than Redshift's two seconds."""
        return self.limit or max(2 * SECOND, 10 * self.longest)

    def _parted(self) -> int:
        if len(self._times) < LEAST_TIMES:
            return 2 * SECOND  # as Redshift's least
        values = [log(max(t, 1)) for t in sorted(self._times)]
        n, total = len(values), sum(values)
        best, at, below = -1.0, 1, 0.0
        for i in range(1, n):
            below += values[i - 1]
            apart = (below / i - (total - below) / (n - i)) ** 2 * i * (n - i)
            if apart > best:
                best, at = apart, i
        low, high = sum(values[:at]) / at, sum(values[at:]) / (n - at)
        if high - low < log(PARTED_BY):
            return min(max(int(exp(low) / 2), SHORTEST), LONGEST)
        return min(max(int(exp((values[at - 1] + values[at]) / 2)), SHORTEST), LONGEST)


def _features(estimate: Estimate) -> tuple[float, ...]:
    return 1.0, log1p(estimate.rows), log1p(estimate.bytes), float(estimate.joins)
