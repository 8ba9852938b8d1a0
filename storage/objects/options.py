"""How a session reaches object stores, and what a statement says about that.

    StoreOptions(s3_root="/data/fake-s3")                        connect's options, or the environment's
    options.authorized({"ACCESS_KEY_ID": ..., "REGION": ...})    with a statement's authorization clauses

IAM_ROLE (any ARN, or `default`) means the ambient credentials: those of the environment, or of the AWS files
(~/.aws/credentials and ~/.aws/config, the profile that AWS_PROFILE names). There is nobody here to assume a role.
"""
from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ... import errors
from ...records import dataclass

# The words of a CREDENTIALS string.
_WORDS = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "token": "session_token",
    "aws_session_token": "session_token",
}
_KEY_CLAUSES = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")
_ROLES = ("aws_iam_role", "aws_role_arn", "master_symmetric_key")


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """None: as the environment says. Hashable: stores are kept by it. Its repr shows no secret."""

    s3_root: str | None = None
    s3_endpoint_url: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None
    session_token: str | None = None

    def __repr__(self) -> str:
        shown = (self.s3_root, self.s3_endpoint_url, self.region)
        return "StoreOptions(s3_root={!r}, s3_endpoint_url={!r}, region={!r})".format(*shown)

    @property
    def root(self) -> str | None:
        return self.s3_root or os.environ.get("WAREHOUSE_S3_ROOT") or None

    def authorized(self, clauses: Mapping[str, str]) -> StoreOptions:
        """With the clauses IAM_ROLE, CREDENTIALS, ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN and REGION of a
        statement, by their names in upper case. ProgrammingError for a CREDENTIALS string that is none."""
        given = {name.lower(): value for name, value in clauses.items() if name in _KEY_CLAUSES}
        if "CREDENTIALS" in clauses:
            given.update(_credentials(clauses["CREDENTIALS"]))
        if ("access_key_id" in given) != ("secret_access_key" in given):
            raise errors.ProgrammingError("ACCESS_KEY_ID and SECRET_ACCESS_KEY must be given together")
        if "REGION" in clauses:
            given["region"] = clauses["REGION"]
        return replace(self, **given)

    def s3_configuration(self) -> dict[str, str]:
        """What obstore is told about S3, statement before connect before environment before AWS's files."""
        profile = _profile()
        chosen = {
            "region": self.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
            or profile.get("region") or "us-east-1",
            "endpoint": self.s3_endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3")
            or os.environ.get("AWS_ENDPOINT_URL") or profile.get("endpoint_url"),
        }  # fmt: skip
        chosen |= self._keys(profile)
        return {name: value for name, value in chosen.items() if value}

    def _keys(self, profile: Mapping[str, str]) -> dict[str, str | None]:
        if self.access_key_id is not None:
            return _keys(self.access_key_id, self.secret_access_key, self.session_token)
        if os.environ.get("AWS_ACCESS_KEY_ID"):
            names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
            return _keys(*(os.environ.get(n) for n in names))
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        return _keys(*(profile.get(n) for n in names))


def _keys(access: str | None, secret: str | None, token: str | None) -> dict[str, str | None]:
    return {"access_key_id": access, "secret_access_key": secret, "session_token": token}


def _credentials(text: str) -> dict[str, str]:
    """`aws_access_key_id=...;aws_secret_access_key=...[;token=...]` or `aws_iam_role=...`."""
    found: dict[str, str] = {}
    for item in filter(None, text.split(";")):
        word, separator, value = item.partition("=")
        word = word.strip().lower()
        if not separator or (word not in _WORDS and word not in _ROLES):
            raise errors.ProgrammingError(
                "Invalid credentials. Must be of the format: credentials 'aws_iam_role=...' or "
                "'aws_access_key_id=...;aws_secret_access_key=...[;token=...]'"
            )
        if word == "master_symmetric_key":
            raise errors.NotSupportedError("MASTER_SYMMETRIC_KEY is not supported: files are not encrypted here")
        if word in _WORDS:
            found[_WORDS[word]] = value.strip()
    return found


def _profile() -> dict[str, str]:
    """The profile's entries of AWS's two files; the credentials file is read last."""
    import configparser

    name = os.environ.get("AWS_PROFILE") or "default"
    home = Path.home() / ".aws"
    found: dict[str, str] = {}
    for variable, file, section in (
        ("AWS_CONFIG_FILE", "config", name if name == "default" else f"profile {name}"),
        ("AWS_SHARED_CREDENTIALS_FILE", "credentials", name),
    ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(os.environ.get(variable) or home / file)
        except (configparser.Error, UnicodeDecodeError) as error:
            raise errors.OperationalError(f"cannot read AWS's {file} file: {error}") from error
        if parser.has_section(section):
            found.update(parser.items(section))
    return found
