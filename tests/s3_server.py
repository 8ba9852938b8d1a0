"""An S3 server of moto's on loopback, started and stopped by the tests that want one (conftest.py, fixture `s3`)."""
from __future__ import annotations

import io
import logging
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class S3Server:
    endpoint: str

    @property
    def options(self) -> Any:
        from warehouse.storage.objects.options import StoreOptions

        return StoreOptions(
            s3_endpoint_url=self.endpoint, region="us-east-1", access_key_id="testing", secret_access_key="testing"
        )

    @property
    def clauses(self) -> str:
        """The authorization clauses of a COPY or UNLOAD."""
        return "access_key_id 'testing' secret_access_key 'testing'"

    def bucket(self, name: str) -> str:
        """Make a bucket; its URL, with a slash at the end."""
        from urllib.request import Request, urlopen

        urlopen(Request(f"{self.endpoint}/{name}", method="PUT")).read()
        return f"s3://{name}/"


def start() -> tuple[Any, S3Server]:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with redirect_stdout(io.StringIO()):
        server.start()
    host, port = server.get_host_and_port()
    return server, S3Server(f"http://{host}:{port}")
