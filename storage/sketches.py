"""HLLSKETCH: HyperLogLog sketches of 2**15 registers, and their text.

A sketch remembers, for values hashed to 128 bits, which registers they reach and how high. A **coupon** is what one
value leaves behind: the low 26 bits of the first hash word say where, one more than the leading zeros of the second
word say how high (MurmurHash3, seed 9001: the sketches of the manual's examples come out).

    coupon   | height 6 bits | index 26 bits |       one int64, so that columns of coupons are integers

Few values are kept as coupons, many as registers. Both are kept as the text that Redshift prints and COPY reads:

    sparse   {"version":1,"logm":15,"sparse":{"indices":[20812342,20850007],"values":[1,2]}}     by index
    dense    ABAABA...        Base64 of 32,768 registers of 6 bits, so that each character is one of them

The register of an index is its low 15 bits. A sketch turns dense where its coupons would take as much room, at 5 bytes
each. Combining two keeps the greater height everywhere; the order never matters.
"""
from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InvalidText
from ..patterns import pattern
from .vector import Array

if TYPE_CHECKING:
    import pyarrow as pa

LOG_REGISTERS, REGISTERS = 15, 1 << 15
INDEX_BITS = 26
INDEX_MASK = (1 << INDEX_BITS) - 1
MOST_HEIGHT = 63
DENSE_BYTES = REGISTERS * 6 // 8
MOST_COUPONS = DENSE_BYTES // 5
EMPTY = '{"version":1,"logm":15,"sparse":{"indices":[],"values":[]}}'
MAX_TEXT = 1 << 16  # bytes: a sparse sketch of MOST_COUPONS has at most 59,054
SEED = 9001

_ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", np.uint8)
_REGISTER_OF = np.full(256, 255, np.uint8)
_REGISTER_OF[_ALPHABET] = np.arange(64, dtype=np.uint8)
_NUMBERS = pattern(r"\[([0-9,]*)\]")

# -- hashing ------------------------------------------------------------------------------------------

_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
_F1, _F2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)


def _turn(x: Array, bits: int) -> Array:
    """Rotate left."""
    turned: Array = (x << np.uint64(bits)) | (x >> np.uint64(64 - bits))
    return turned


def _finish(h: Array) -> Array:
    h = (h ^ (h >> np.uint64(33))) * _F1
    h = (h ^ (h >> np.uint64(33))) * _F2
    finished: Array = h ^ (h >> np.uint64(33))
    return finished


def _scrambled(words: Array) -> tuple[Array, Array]:
    """What a block of 16 bytes, uint64[n][2], does to the two hash words."""
    return _turn(words[:, 0] * _C1, 31) * _C2, _turn(words[:, 1] * _C2, 33) * _C1


def hash_text(offsets: Array, data: Array) -> tuple[Array, Array]:
    """MurmurHash3_x64_128 of the byte strings data[offsets[i]:offsets[i + 1]], in two uint64 arrays.

    The strings go side by side: step j mixes the j-th block of 16 bytes of every string that has one."""
    lengths = np.diff(offsets)
    a = np.full(len(lengths), SEED, np.uint64)
    b = a.copy()
    padded = np.concatenate([data, np.zeros(16, np.uint8)])
    blocks, block = lengths // 16, np.arange(16)
    rows = np.flatnonzero(blocks > 0)
    step = 0
    while len(rows):
        words = padded[(offsets[rows] + 16 * step)[:, None] + block].view(np.uint64)
        x, y = _scrambled(words)
        h, g = a[rows] ^ x, b[rows]
        h = (_turn(h, 27) + g) * np.uint64(5) + np.uint64(0x52DCE729)
        g = (_turn(g ^ y, 31) + h) * np.uint64(5) + np.uint64(0x38495AB5)
        a[rows], b[rows] = h, g
        step += 1
        rows = rows[blocks[rows] > step]
    tails = lengths % 16
    last = padded[(offsets[:-1] + 16 * blocks)[:, None] + block]
    last[block >= tails[:, None]] = 0
    x, y = _scrambled(last.view(np.uint64))
    size = lengths.astype(np.uint64)
    a, b = a ^ x ^ size, b ^ y ^ size
    a = a + b
    b = b + a
    a, b = _finish(a), _finish(b)
    a = a + b
    return a, b + a


def hash_fixed(data: Array) -> tuple[Array, Array]:
    """The same of rows of at most 16 bytes, uint8[n][width]."""
    rows, width = data.shape
    return hash_text(np.arange(rows + 1, dtype=np.int64) * width, np.ascontiguousarray(data).reshape(-1))


def coupons(hashes: tuple[Array, Array]) -> Array:
    """The coupon of each hash, int64."""
    first, second = hashes
    index = (first & np.uint64(INDEX_MASK)).astype(np.int64)
    return (np.minimum(_leading_zeros(second) + 1, MOST_HEIGHT) << INDEX_BITS) | index


def _leading_zeros(words: Array) -> Array:
    zeros = np.zeros(len(words), np.int64)
    for bits in (32, 16, 8, 4, 2, 1):
        small = words < (np.uint64(1) << np.uint64(64 - bits))
        zeros[small] += bits
        words = np.where(small, words << np.uint64(bits), words)
    zeros[words == 0] = 64
    return zeros


# -- sketches -----------------------------------------------------------------------------------------


class Sketch:
    """A sketch being made: distinct coupons by index, or `registers` when there are too many."""

    __slots__ = ("coupons", "registers")

    def __init__(self) -> None:
        self.coupons: Array = np.empty(0, np.int64)
        self.registers: Array | None = None

    def add(self, coupons: Array) -> Sketch:
        if self.registers is None:
            self.coupons = _highest(np.concatenate([self.coupons, coupons]))
            if len(self.coupons) > MOST_COUPONS:
                self.registers = np.zeros(REGISTERS, np.uint8)
                coupons, self.coupons = self.coupons, self.coupons[:0]
        if self.registers is not None:
            heights = (coupons >> INDEX_BITS).astype(np.uint8)
            np.maximum.at(self.registers, coupons & (REGISTERS - 1), heights)
        return self

    def merge(self, text: str) -> Sketch:
        """With the sketch whose canonical text is given."""
        if text.startswith("{"):
            return self.add(_coupons_of(text))
        registers = _registers_of(text)
        if self.registers is None:
            self.registers, kept = registers, self.coupons
            self.coupons = kept[:0]
            return self.add(kept)
        np.maximum(self.registers, registers, out=self.registers)
        return self

    def text(self) -> str:
        if self.registers is not None:
            return _ALPHABET[self.registers].tobytes().decode()
        indices = ",".join(map(str, (self.coupons & INDEX_MASK).tolist()))
        values = ",".join(map(str, (self.coupons >> INDEX_BITS).tolist()))
        return f'{{"version":1,"logm":15,"sparse":{{"indices":[{indices}],"values":[{values}]}}}}'


def _highest(coupons: Array) -> Array:
    """By index, the highest coupon of each."""
    order = np.lexsort((coupons >> INDEX_BITS, coupons & INDEX_MASK))
    found = coupons[order]
    last = np.ones(len(found), bool)
    last[:-1] = (found[:-1] & INDEX_MASK) != (found[1:] & INDEX_MASK)
    return found[last]


def _coupons_of(text: str) -> Array:
    """Of the canonical text of a sparse sketch."""
    lists = [m.group(1) for m in _NUMBERS.finditer(text)]
    indices, values = (np.array(n.split(",") if n else [], np.int64) for n in lists)
    coupons: Array = (values << INDEX_BITS) | indices
    return coupons


def _registers_of(text: str) -> Array:
    return _REGISTER_OF[np.frombuffer(text.encode(), np.uint8)]


def made_of(coupons: Array) -> str:
    """The text of the sketch of values with these coupons."""
    return Sketch().add(coupons).text()


def combined(texts: Iterable[str]) -> str:
    sketch = Sketch()
    for text in texts:
        sketch.merge(text)
    return sketch.text()


def cardinality(text: str) -> int:
    """How many distinct values a sketch has seen, by estimate: sparse ones count empty indexes of 2**26, dense
    ones follow O. Ertl's estimator, which needs no corrections (New cardinality estimation algorithms, 2017)."""
    if text.startswith("{"):
        seen, places = len(_coupons_of(text)), 1 << INDEX_BITS
        return round(places * math.log(places / (places - seen)))
    heights = np.bincount(_registers_of(text), minlength=MOST_HEIGHT + 1).tolist()
    total = REGISTERS * _tau(1.0 - heights[MOST_HEIGHT] / REGISTERS)
    for height in range(MOST_HEIGHT - 1, 0, -1):
        total = 0.5 * (total + heights[height])
    total += REGISTERS * _sigma(heights[0] / REGISTERS)
    return 0 if math.isinf(total) else round(REGISTERS * REGISTERS / (2.0 * math.log(2.0) * total))


def _sigma(x: float) -> float:
    if x == 1.0:
        return math.inf
    y, z = 1.0, x
    while True:
        x *= x
        before, z = z, z + x * y
        y += y
        if z == before:
            return z


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    y, z = 1.0, 1.0 - x
    while True:
        x = math.sqrt(x)
        before, y = z, 0.5 * y
        z -= (1.0 - x) ** 2 * y
        if z == before:
            return z / 3.0


# -- text that comes from outside ---------------------------------------------------------------------


def parse(text: str) -> str:
    """A sketch that somebody wrote, as canonical text; InvalidText for what is none."""
    text = text.strip()
    if not text.startswith("{"):
        raw = np.frombuffer(text.encode(), np.uint8)
        if len(raw) != REGISTERS or (_REGISTER_OF[raw] == 255).any():
            raise InvalidText("invalid HLLSKETCH: a dense sketch is Base64 text of 32,768 characters")
        return text
    try:
        found = json.loads(text)
        logm, version, sparse = found["logm"], found.get("version", 1), found["sparse"]
        indices, values = sparse["indices"], sparse["values"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidText('invalid HLLSKETCH: a sparse sketch is {"logm":15,"sparse":{"indices":[...],"values":[...]}}'
                          ) from None
    if logm != LOG_REGISTERS or version != 1:
        raise InvalidText("invalid HLLSKETCH: only version 1 with a logm of 15 is supported")
    if not (_in_range(indices, 0, INDEX_MASK) and _in_range(values, 1, MOST_HEIGHT)) or len(indices) != len(values):
        raise InvalidText("invalid HLLSKETCH: indices and values must be lists of as many numbers in range")
    return made_of((np.array(values, np.int64) << INDEX_BITS) | np.array(indices, np.int64))


def checked(array: pa.Array) -> pa.Array:
    """An Arrow array of sketches' texts, in canonical form."""
    import pyarrow as pa

    texts = array.cast(pa.string()).to_pylist()
    return pa.array([None if text is None else parse(text) for text in texts], pa.string())


def _in_range(numbers: object, low: int, high: int) -> bool:
    return isinstance(numbers, list) and all(type(n) is int and low <= n <= high for n in numbers)
