"""The packed user-data: bytes that do not depend on the Python that runs the program."""

import gzip

import pytest

from hybrid_mesh.model.texts.gzipped import gzipped
from tests.model.cloud_boots import TEXTS


@pytest.mark.parametrize("text", ["", "ä\n", *TEXTS.values()])
def test_is_gzip_without_a_word_of_time_or_system(text: str) -> None:
    packed = gzipped(text)
    assert packed[:10].hex() == "1f8b08000000000002ff"
    assert gzip.decompress(packed).decode() == text
