"""Words of the parameter blocks of documents.py.

    | steps | kind, where, length | ... | bytes of the names, each in quotes |

`where`: of an attribute the address of its name, of an element its index.
"""
from __future__ import annotations

P_COUNT, P_STEPS, P_STEP_WORDS = 0, 1, 3
P_KIND, P_WHERE, P_LENGTH = 0, 1, 2
P_ATTRIBUTE, P_ELEMENT = 0, 1

# What the members of a value are told by: the byte it begins with.
M_ARRAY, M_OBJECT = 0x5B, 0x7B
