"""Wrong stack files by the kind of the mistake, numbered."""

from tests.model.wrong_inputs import growing, sections, texts, values
from tests.model.wrong_inputs.case import GOOD, WrongInput

ROWS = dict(sorted((texts.ROWS | sections.ROWS | values.ROWS | growing.ROWS).items()))
INPUTS = [wrong for inputs in ROWS.values() for wrong in inputs]

__all__ = ["GOOD", "INPUTS", "ROWS", "WrongInput"]
