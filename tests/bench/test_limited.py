"""`make bench MEMORY=...`: the same answers with a memory limit, and what it kept to."""
from __future__ import annotations

import sys

import pytest
from warehouse.bench import limited


@pytest.mark.skipif(sys.platform != "linux", reason="private memory is read from /proc")
def test_memory_is_sampled() -> None:
    peak = limited.Peak()
    held = bytearray(b"x" * (32 << 20))
    first = peak.take()
    del held
    peak.stop()
    assert first > 32 << 20 and limited.private_bytes() < first


def test_the_report_tells_whether_the_limit_was_kept() -> None:
    def run(seconds: float, peak: int) -> dict[str, object]:
        queries = {"q01": {"seconds": seconds, "peak": peak << 20, "digest": "d"}}
        return {"base": 50 << 20, "load": {"seconds": 4.0, "peak": 150 << 20}, "queries": queries}

    kept = list(limited.lines({"limit": "100MB", "design": "demo", "limited": run(2.0, 120), "free": run(1.0, 300)}))
    assert kept[0].endswith("after select 1: 50 MB") and kept[-1].endswith("130 MB: kept")
    assert "2.00" in kept[3] and kept[3].endswith("70 MB")
    broken = list(limited.lines({"limit": "50MB", "design": "demo", "limited": run(2.0, 120), "free": run(1.0, 300)}))
    assert broken[-1].endswith("65 MB: NOT kept")
