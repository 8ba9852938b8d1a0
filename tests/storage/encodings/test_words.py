"""TEXT255 and TEXT32K: words become dictionary entries, everything else stays as it was."""
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from warehouse.kernels import abi
from warehouse.storage.block import stored_bytes
from warehouse.storage.encodings.base import Part
from warehouse.storage.encodings.registry import RAW, TEXT32K, by_name
from warehouse.storage.encodings.words import join_words, split_words
from warehouse.storage.types import varchar
from warehouse.storage.vector import from_list

TEXT255 = by_name("text255")


@given(st.lists(st.text(alphabet="ab  é", max_size=12), max_size=30))
def test_words_are_what_python_splits(items: list[str]) -> None:
    column = from_list(varchar(60), items)
    counts, words = split_words(column)
    wanted = [item.split(" ") for item in items]
    assert counts.tolist() == [len(parts) for parts in wanted]
    assert words.to_list() == [word for parts in wanted for word in parts]
    if items:
        assert join_words(words, counts, column.type).to_list() == items


def test_recurring_words_shrink() -> None:
    """The manual's VENUENAME: Arena, Center and Theatre recur among names that do not."""
    names = [f"Venue{i} {('Arena', 'Center', 'Theatre')[i % 3]}" for i in range(2000)]
    column = from_list(varchar(40), names)
    assert stored_bytes(TEXT255, column) < 0.75 * stored_bytes(RAW, column)


def test_the_first_245_words() -> None:
    parts = TEXT255.encode(from_list(varchar(9), [f"w{i}" for i in range(300)]))
    assert len(parts[Part.DICT_LENGTHS]) == 245
    assert parts[Part.TEXT].tobytes() == b"".join(b"w%d" % i for i in range(245, 300))


def test_32_kilobytes_of_words() -> None:
    parts = TEXT32K.encode(from_list(varchar(9), [f"word{i:04d}" for i in range(5000)]))
    entries = len(parts[Part.DICT_LENGTHS])
    assert entries == 32768 // (8 + 2)
    assert parts[Part.DICT_LENGTHS].sum() <= 32768


def test_single_words_are_read_in_place() -> None:
    """Codes and dictionary for native code, when no string has two words or one outside."""
    type = varchar(15)
    clerks = [f"Clerk#{i % 700:05d}" for i in range(2000)]
    native = TEXT32K.native(TEXT32K.encode(from_list(type, clerks)), type, 2000)
    assert (native.kind, native.dictionary_rows) == (abi.DK_DICT_STR, 700)
    two = TEXT32K.native(TEXT32K.encode(from_list(type, [*clerks, "two words"])), type, 2001)
    assert two.kind == abi.DK_RAW_STR
    assert TEXT255.native(TEXT255.encode(from_list(type, clerks)), type, 2000).kind == abi.DK_RAW_STR
