"""The tables of both clouds in docs/clouds.md: current, each key once, and a reason where one is alone."""

import re
from collections import Counter

import pytest

from hybrid_mesh.model.reference.clouds import BLOCK, PAGE_PATH, TABLES, Table, renewed, rows

KEY = re.compile(r"`(\w+)`")
EACH = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)


def test_the_page_has_every_table_as_the_model_has_it() -> None:
    page = PAGE_PATH.read_text()
    assert Counter(found["table"] for found in BLOCK.finditer(page)) == dict.fromkeys(TABLES, 1)
    assert page == renewed(page), "run `python -m hybrid_mesh.model.reference.clouds`"


@EACH
def test_every_key_is_in_one_row_and_every_row_is_full(table: Table) -> None:
    found = rows(table)
    for model, column in ((table.google, 1), (table.aws, 2)):
        keys = {info.alias or name for name, info in model.model_fields.items()} - {"type", "issuer"}
        cells = Counter(key[1] for row in found if (key := KEY.match(row[column])))
        assert {key: cells[key] for key in keys} == dict.fromkeys(keys, 1)
    assert all(cell for row in found for cell in row)


@EACH
def test_no_reason_and_no_pair_is_left_over(table: Table) -> None:
    google, aws = (
        {info.alias or name for name, info in model.model_fields.items()}
        for model in (table.google, table.aws)
    )
    assert set(table.apart) <= google ^ aws
    assert set(table.pairs) <= google - aws
    assert set(table.pairs.values()) <= aws - google
    assert not set(table.apart) & {*table.pairs, *table.pairs.values()}
