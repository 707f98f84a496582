"""The README's recipes run as they stand, on the committed results."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SECTION = (REPOSITORY / "README.md").read_text().split("## Your own analysis", 1)[1].split("\n## ", 1)[0]
RECIPES = re.findall(r"```python\n(.*?)```", SECTION, re.S)


def ok_blocks():
    """The blocks that the recipes read."""
    lines = (json.loads(line) for path in REPOSITORY.glob("results/*/*.jsonl") for line in path.open())
    return [line for line in lines if line["type"] == "block" and line.get("outcome") == "ok"]


def test_there_are_two():
    assert ["duckdb" in RECIPES[0], "polars" in RECIPES[1], len(RECIPES)] == [True, True, 2]


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipe_runs(recipe):
    assert len(recipe.splitlines()) == 5
    done = subprocess.run([sys.executable, "-c", recipe], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    scenarios = sorted({line["scenario"] for line in ok_blocks()})
    assert scenarios[0][:12] in done.stdout and scenarios[-1][:12] in done.stdout


def test_both_say_the_same():
    by_duckdb, by_polars = ({} for _ in range(2))
    for recipe, into, rows in zip(RECIPES, (by_duckdb, by_polars), ("duckdb.sql(rates).fetchall()", "rates.collect().rows()")):
        lines = recipe.splitlines()[:-1]
        scope: dict = {}
        exec("\n".join(lines).replace("results/*/", f"{REPOSITORY}/results/*/"), scope)
        into.update({row[:2]: row[2:] for row in eval(rows, scope)})
    assert by_duckdb.keys() == by_polars.keys() and len(by_duckdb) > 100
    assert all(by_duckdb[key] == pytest.approx(by_polars[key]) for key in by_duckdb)
