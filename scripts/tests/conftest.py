"""Where the scripts, the binary and the results files are."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "scripts"))
os.environ.setdefault("QUEUEBENCH", str(REPOSITORY / "target/debug/queuebench"))


def summed_up(*arguments: str) -> dict:
    """What the binary says."""
    done = subprocess.run([os.environ["QUEUEBENCH"], "rank", *arguments, "--format", "json"], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode in (0, 3), done.stderr
    return json.loads(done.stdout)


def committed(suite: str) -> str:
    """A results file of this repository."""
    return str(next(path for path in REPOSITORY.glob(f"results/*/*-{suite}.jsonl") if path.parent.name != "local"))


@pytest.fixture(scope="session")
def balance() -> dict:
    """Measured: the cliff."""
    return summed_up(committed("balance-default"))


@pytest.fixture(scope="session")
def quick() -> dict:
    """Measured: scaling, sweeps, placement, without the long first scenario's blocks of every queue."""
    return summed_up(committed("quick-default"))


@pytest.fixture(scope="session")
def crossing() -> dict:
    """Measured: threads or processes, with the ladder."""
    return summed_up(committed("boundary-default"), "-s", "work=0/20")


@pytest.fixture(scope="session")
def synthetic() -> dict:
    """Synthetic: failures, two speeds, limits."""
    return summed_up("tests/cmd/results/synthetic.jsonl")
