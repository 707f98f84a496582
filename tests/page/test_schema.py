"""What `queuebench rank --format json` prints is what its schema says."""

import json

import jsonschema
import pytest

from conftest import KINDS, ROOT

SCHEMA = json.loads((ROOT / "src/summary/schema.json").read_text())


@pytest.fixture(scope="module")
def validator():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    return jsonschema.Draft202012Validator(SCHEMA)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "no-blocks"])
def test_a_summary_fits_its_schema(summary, validator, kind):
    assert [error.message[:200] for error in validator.iter_errors(summary(kind))] == []


@pytest.mark.parametrize("flags", [["--pairs"], ["-q", "made-up/a", "-s", "8B"]])
def test_so_does_one_with_flags(queuebench, pages, validator, flags):
    done = queuebench("rank", "--format", "json", *flags, *pages("verdicts").files)
    assert [error.message[:200] for error in validator.iter_errors(json.loads(done.stdout))] == []
