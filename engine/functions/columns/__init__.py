"""Functions over whole Arrow arrays: the column forms of the ones that are used a lot.

    FORMS[key](arguments, their types, the result's type)  ->  an array of the result's class, or None

None, or an error, says that this batch is for the row form (engine/functions/scalar.py), which is the reference
for every form here. Numbers are in physical form (int64, double), text is large_string. A form is called for all
rows of a batch, NULL where an argument is.
"""
from __future__ import annotations

from . import binary, bytes, casts, formats, moments, numbers, patterns, semistructured, sketches, text
from .argument import Argument, Form

FORMS: dict[str, Form] = {
    **text.FORMS, **bytes.FORMS, **binary.FORMS, **patterns.FORMS, **numbers.FORMS, **moments.FORMS, **formats.FORMS,
    **semistructured.FORMS, **sketches.FORMS,
}

__all__ = ["FORMS", "Argument", "Form", "casts"]
