"""Runs a plug-in's module with its package on the import path, without an environment variable that its
children would inherit. `python run.py MODULE ARGUMENT...`, started by `bin/run-plugin`.
"""

import runpy
import sys
from pathlib import Path

rooms = Path(__file__).resolve().parents[2]
sys.path[0] = str(rooms if (rooms / "hybrid_mesh").is_dir() else rooms.parent)
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
