"""What a URL or path names: scheme, bucket and key."""
from __future__ import annotations

from urllib.parse import unquote, urlsplit

from ... import errors
from ...records import dataclass

# Spelled so in statements -> the scheme it means.
_REMOTE = {"s3": "s3", "s3a": "s3", "s3n": "s3", "gs": "gs", "az": "az", "abfs": "az", "memory": "memory"}
FILE = "file"


@dataclass(frozen=True, slots=True)
class Location:
    """`key` has no leading slash, save for files, where it is the path. `root` is the text before the key, so that
    root + key is the name as the statement gave it."""

    scheme: str
    bucket: str
    key: str
    root: str

    @classmethod
    def parse(cls, name: str) -> Location:
        """NotSupportedError for a scheme that is none of ours; FileMissing for an empty name."""
        spelled, separator, rest = name.partition("://")
        if not separator:
            if not name:
                raise errors.FileMissing("the name of the files is empty")
            return cls(FILE, "", name, "")
        spelled = spelled.lower()
        if spelled == FILE:
            return cls(FILE, "", _file_path(name), "")
        scheme = _REMOTE.get(spelled)
        if scheme is None:
            raise errors.NotSupportedError(
                f"{spelled}:// is not supported", hint="Local paths, file://, s3://, gs://, az:// and memory:// are."
            )
        bucket, _, key = rest.partition("/")
        if not bucket:
            raise errors.ProgrammingError(f'"{name}" names no bucket')
        return cls(scheme, bucket, key, f"{spelled}://{bucket}/")

    @property
    def url(self) -> str:
        return self.root + self.key


def _file_path(name: str) -> str:
    parts = urlsplit(name)
    if parts.netloc not in ("", "localhost"):
        raise errors.NotSupportedError(f"files of another host ({parts.netloc}) are not supported")
    return unquote(parts.path)
