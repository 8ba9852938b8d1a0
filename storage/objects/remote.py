"""Objects over the network, through obstore: one bucket of S3, GCS, Azure, or of this process's memory.

obstore retries what may be retried (timeouts, dropped connections, 5xx). Its `list` takes folders, not prefixes of
text: a prefix is listed from its folder, from its first key on, until the keys leave it.
"""
from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from queue import Full, Queue
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self, cast

import obstore
from obstore import exceptions as failures

from ... import errors
from ...patterns import pattern
from .base import ObjectInfo, ObjectWriter

# Read ahead of a reader that goes from front to back.
READ_AHEAD = 8 << 20
# Of a multipart write; S3 takes 10,000 parts of at least 5 MB.
PART_BYTES = 16 << 20
PARTS_AT_ONCE = 2
# How often one who waits for an upload looks whether it still goes on.
POLL_SECONDS = 0.05
# Asked for credentials where neither the statement, nor the environment, nor AWS's files have any.
_METADATA_SERVICE = "169.254.169.254"
NO_CREDENTIALS_HINT = (
    "Give ACCESS_KEY_ID and SECRET_ACCESS_KEY, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or map s3:// to a "
    "folder by connect(s3_root=...)."
)
RETRIES: Any = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}

# What the service answers, inside an error of obstore's.
_SERVICE_ERROR = pattern(r"status code: (\d+).*?<Code>([^<]*)</Code>(?:\s*<Message>([^<]*)</Message>)?", re.DOTALL)

_memories: dict[str, Any] = {}
_lock = threading.Lock()


def open_bucket(scheme: str, bucket: str, configuration: dict[str, str]) -> Any:
    """obstore's store for a bucket. `configuration`: options.s3_configuration for S3, else empty."""
    from obstore import store

    client: Any = {"timeout": "120 seconds", "connect_timeout": "10 seconds"}
    if scheme == "memory":
        with _lock:
            return _memories.setdefault(bucket, store.MemoryStore())
    try:
        if scheme == "s3":
            if configuration.get("endpoint", "").startswith("http://"):
                client["allow_http"] = True
            config: Any = configuration
            return store.S3Store(bucket, config=config, client_options=client, retry_config=RETRIES)
        if scheme == "gs":
            return store.GCSStore(bucket, client_options=client, retry_config=RETRIES)
        return store.AzureStore(container_name=bucket, client_options=client, retry_config=RETRIES)
    except (failures.BaseError, ValueError) as error:
        raise errors.OperationalError(f"cannot reach {scheme}://{bucket}: {_first_line(error)}") from error


class Remote:
    """`name` is what names begin with: scheme://bucket/."""

    def __init__(self, store: Any, name: str) -> None:
        self._store = store
        self._name = name

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        folder = prefix.rpartition("/")[0]
        found: list[ObjectInfo] = []
        try:
            for page in obstore.list(self._store, prefix=folder or None, chunk_size=1000):
                found += [self._info(meta) for meta in page if meta["path"].startswith(prefix.lstrip("/"))]
        except (failures.BaseError, FileNotFoundError) as error:
            raise self._failed(error, prefix, "list") from error
        yield from sorted((f for f in found if not f.url.endswith("/")), key=lambda f: f.url)

    def info(self, key: str) -> ObjectInfo:
        try:
            return self._info(obstore.head(self._store, key))
        except (failures.BaseError, FileNotFoundError) as error:
            raise self._failed(error, key, "read") from error

    def _info(self, meta: Any) -> ObjectInfo:
        return ObjectInfo(self._name + meta["path"], meta["size"], meta["e_tag"], meta["last_modified"])

    def read(self, key: str, start: int, stop: int) -> bytes:
        if stop <= start:
            return b""
        try:
            return bytes(obstore.get_range(self._store, key, start=start, end=stop))
        except (failures.BaseError, FileNotFoundError) as error:
            raise self._failed(error, key, "read") from error

    def read_many(self, key: str, ranges: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        starts, ends = [start for start, _ in ranges], [stop for _, stop in ranges]
        try:
            return [bytes(part) for part in obstore.get_ranges(self._store, key, starts=starts, ends=ends)]
        except (failures.BaseError, FileNotFoundError) as error:
            raise self._failed(error, key, "read") from error

    def open(self, key: str) -> BinaryIO:
        info = self.info(key)
        raw = _RemoteFile(self, key, info.bytes)
        return cast(BinaryIO, io.BufferedReader(raw, READ_AHEAD))

    def create(self, key: str, overwrite: bool) -> ObjectWriter:
        return _RemoteWriter(self, self._store, key, overwrite)

    def delete(self, key: str) -> None:
        try:
            obstore.delete(self._store, key)
        except FileNotFoundError:
            return
        except failures.BaseError as error:
            raise self._failed(error, key, "remove") from error

    def local_path(self, key: str) -> str | None:
        return None

    def _failed(self, error: BaseException, key: str, doing: str) -> errors.Error:
        """Our error for one of obstore's, in the words of the manual's load troubleshooting where it has them."""
        name, text = self._name + key, str(error)
        if "NoSuchBucket" in text:
            return errors.FileMissing(
                f"S3ServiceException:The specified bucket does not exist,Status 404,Error NoSuchBucket: {name}"
            )
        if isinstance(error, FileNotFoundError):
            return errors.FileMissing(
                f"S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey: {name}"
            )
        if isinstance(error, failures.PermissionDeniedError | failures.UnauthenticatedError):
            return errors.PermissionDenied(f"S3ServiceException:Access Denied,Status 403,Error AccessDenied: {name}")
        if _METADATA_SERVICE in text:
            return errors.PermissionDenied(f'there are no credentials to {doing} "{name}"', hint=NO_CREDENTIALS_HINT)
        if isinstance(error, failures.AlreadyExistsError):
            return errors.OperationalError(f'"{name}" is there already', sqlstate="58P01")
        told = _SERVICE_ERROR.search(text)
        if told is not None:  # a listing, of which obstore does not tell what kind of error it is
            status, code, message = told[1], told[2], told[3] or told[2]
            kind = errors.PermissionDenied if status in ("401", "403") else errors.FileError
            message = "Access Denied" if code == "AccessDenied" else message
            return kind(f"S3ServiceException:{message},Status {status},Error {code}: {name}")
        if "redirect without LOCATION" in text:
            return errors.FileError(
                "S3ServiceException:The bucket you are attempting to access must be addressed using the specified "
                f"endpoint.,Status 301,Error PermanentRedirect: {name}",
                hint="Give the bucket's region by REGION or AWS_REGION.",
            )
        return errors.FileError(f'cannot {doing} "{name}": {_first_line(error)}')


class _RemoteFile(io.RawIOBase):
    """Ranged reads under a BufferedReader, which reads ahead."""

    def __init__(self, store: Remote, key: str, size: int) -> None:
        self._store_, self._key, self._size = store, key, size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        data = self._store_.read(self._key, self._at, min(self._at + len(view), self._size))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


class _RemoteWriter:
    """Gathers parts; a small object is one put, a large one a multipart upload. Without `overwrite` the put is
    conditional; a multipart upload looks for the key before it begins."""

    def __init__(self, store: Remote, raw: Any, key: str, overwrite: bool) -> None:
        self._store, self._raw, self._key, self._overwrite = store, raw, key, overwrite
        self._waiting = bytearray()
        self._upload: _Upload | None = None
        self._ended = False

    def write(self, data: bytes | memoryview) -> int:
        self._waiting += data
        if len(self._waiting) >= PART_BYTES:
            self._send()
        return len(data)

    def _send(self) -> None:
        try:
            if self._upload is None:
                if not self._overwrite and self._is_there():
                    raise failures.AlreadyExistsError(self._key)
                self._upload = _Upload(self._raw, self._key)
            self._upload.send(bytes(self._waiting))
            self._waiting.clear()
        except (failures.BaseError, FileNotFoundError) as error:
            self.abort()
            raise self._store._failed(error, self._key, "write") from error

    def _is_there(self) -> bool:
        try:
            obstore.head(self._raw, self._key)
        except FileNotFoundError:
            return False
        return True

    def close(self) -> None:
        if self._ended:
            return
        if self._upload is not None and self._waiting:
            self._send()
        try:
            if self._upload is not None:
                self._upload.finish()
            else:
                mode: Literal["overwrite", "create"] = "overwrite" if self._overwrite else "create"
                obstore.put(self._raw, self._key, bytes(self._waiting), mode=mode)
        except (failures.BaseError, FileNotFoundError) as error:
            self.abort()
            raise self._store._failed(error, self._key, "write") from error
        self._ended = True

    def abort(self) -> None:
        self._ended = True
        if self._upload is not None:
            self._upload.abort()
        self._waiting.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


class _Upload:
    """A multipart upload by a thread of its own, which reads the parts from a queue: obstore takes back what it has
    sent when the one it reads from fails, while a writer of its own that is dropped leaves the parts to be paid for."""

    def __init__(self, raw: Any, key: str) -> None:
        self._raw, self._key = raw, key
        self._parts = Queue[bytes | None](1)  # None: there are no more
        self._aborted = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="warehouse-upload", daemon=True)
        self._thread.start()

    def send(self, part: bytes | None) -> None:
        while self._thread.is_alive():
            try:
                return self._parts.put(part, timeout=POLL_SECONDS)
            except Full:
                continue
        if self._failure is not None:
            raise self._failure

    def finish(self) -> None:
        """The object is there when this returns."""
        self.send(None)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def abort(self) -> None:
        """Nothing of it is left."""
        self._aborted = True
        with suppress(Exception):  # the upload's own, which ended it before
            self.send(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            obstore.put(
                self._raw, self._key, self._sent(), use_multipart=True, chunk_size=PART_BYTES,
                max_concurrency=PARTS_AT_ONCE,
            )  # fmt: skip
        except BaseException as error:
            self._failure = error

    def _sent(self) -> Iterator[bytes]:
        while (part := self._parts.get()) is not None:
            yield part
        if self._aborted:
            raise _Aborted


class _Aborted(Exception):
    """Makes obstore give up an upload."""


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0]
