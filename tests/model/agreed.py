"""The golden files of the model's texts. HYBRID_MESH_UPDATE_GOLDEN=1 renews them."""

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def agreed(name: str, text: str) -> str:
    """What the golden file `name` holds; it gets `text` first if it is to be renewed."""
    path = GOLDEN / name
    if os.environ.get("HYBRID_MESH_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return path.read_text()


def golden_names(folder: str) -> set[str]:
    """The golden files below `folder`, by their path in it."""
    top = GOLDEN / folder
    return {str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()}
