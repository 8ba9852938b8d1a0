"""Which files a location means (c-spectrum-data-files, r_CREATE_EXTERNAL_TABLE: LOCATION).

    s3://lake/sales/           all files below the folder, in subfolders too
    s3://lake/sales.manifest   one object of exactly that name: a manifest, which lists the files

Files whose name, or a folder of theirs below the location, begins with . _ # or ends with ~ are not looked at; nor are
empty objects, which stand for folders. A manifest's file that is not there is an error when it is mandatory.
"""
from __future__ import annotations

import json
from collections.abc import Iterator

from ... import errors
from ..objects.base import ObjectInfo
from ..objects.registry import Objects

_HIDDEN = (".", "_", "#")


def folder(location: str) -> str:
    """The location with a slash behind it."""
    return location if location.endswith("/") else location + "/"


def files_of(objects: Objects, location: str) -> list[ObjectInfo]:
    """The files with rows, by name; FileMissing for a missing bucket or mandatory file."""
    if not location.endswith("/"):
        exact = next((found for found in objects.list(location) if found.url == location), None)
        if exact is not None:
            return list(_of_manifest(objects, location))
    return list(below(objects, location))


def below(objects: Objects, location: str) -> Iterator[ObjectInfo]:
    """The files below a folder."""
    root = folder(location)
    for found in objects.list(root):
        if found.bytes and not is_hidden(found.url[len(root) :]):
            yield found


def is_hidden(name: str) -> bool:
    """`name`: what follows the location."""
    return any(part.startswith(_HIDDEN) or part.endswith("~") for part in name.split("/") if part)


def _of_manifest(objects: Objects, location: str) -> Iterator[ObjectInfo]:
    """A file that is listed twice is read twice."""
    try:
        entries = json.loads(objects.read(location))["entries"]
        listed = [(entry["url"], bool(entry.get("mandatory", False))) for entry in entries]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise errors.FileError(f'"{location}" is no manifest: a LOCATION is a folder, or a JSON manifest',
                               detail=str(error)) from error
    for url, mandatory in listed:
        try:
            found = objects.info(url)
        except errors.FileMissing as error:
            if mandatory:
                what = f'the mandatory file "{url}" of manifest "{location}" does not exist'
                raise errors.FileMissing(what) from error
            continue
        if found.bytes:
            yield found
