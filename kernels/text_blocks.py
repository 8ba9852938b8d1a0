"""Parameter blocks for string ops: lists, constants to compare with, trim sets. Layouts: text_layout.py.

A block is an int64 array that holds its own bytes: keep it while a program uses its address. LIKE: like.py.
"""
from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from . import text_layout as layout
from .memory import address, zeros


def make_list(texts: Iterable[str]) -> np.ndarray:
    """The block of in_list_str."""
    items = sorted({text.rstrip(" ").encode() for text in texts})
    data = b"".join(items)
    fixed = layout.I_VIEWS + 2 * len(items)
    block = zeros(fixed + (len(data) + 7) // 8, np.int64)
    block[layout.I_COUNT] = len(items)
    block[layout.I_LINEAR] = len(items) <= layout.LINEAR_LIMIT
    at = put_bytes(block, fixed, data)
    for j, item in enumerate(items):
        block[layout.I_VIEWS + 2 * j : layout.I_VIEWS + 2 * j + 2] = at, len(item)
        at += len(item)
    return block


def make_comparison(comparison: int, text: str) -> np.ndarray:
    """The block of compare_str_k: text_layout.C_* and the string on its right."""
    data = text.encode()
    block = zeros(layout.COMPARE_WORDS + (len(data) + 7) // 8, np.int64)
    at = put_bytes(block, layout.COMPARE_WORDS, data)
    block[: layout.COMPARE_WORDS] = comparison, at, len(data)
    return block


def make_trim(characters: str = " ", *, left: bool = True, right: bool = True) -> np.ndarray:
    """The block of trim_str; characters must be ASCII (others are cut by Arrow)."""
    block = zeros(layout.TRIM_WORDS, np.int64)
    block[layout.T_LEFT] = left
    block[layout.T_RIGHT] = right
    for byte in characters.encode("ascii"):
        block[layout.T_SET + (byte >> 6)] |= np.uint64(1 << (byte & 63)).astype(np.int64)
    return block


def put_bytes(block: np.ndarray, word: int, data: bytes) -> int:
    """Copy bytes into a block from a word on; their address."""
    block[word:].view(np.uint8)[: len(data)] = np.frombuffer(data, np.uint8)
    return address(block) + 8 * word
