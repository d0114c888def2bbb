"""The shared libraries that a program needs, found with the dynamic loader of a root file system."""

from pathlib import Path

from hybrid_mesh.local.toolchain.component import Task
from hybrid_mesh.local.toolchain.pins import Processor


def libraries(task: Task, system: Path, processor: Processor, programs: list[Path]) -> dict[str, Path]:
    """All libraries of `programs` (executables or plug-in objects) that lie in `system`, by path in an image.

    Asks the loader itself (ld.so(8), `--list`), so nothing is guessed and nothing of the program runs.
    """
    folder = system / "usr/lib" / processor.triplet
    loader = [str(system / processor.loader), "--inhibit-cache", "--library-path", str(folder), "--list"]
    found: dict[str, Path] = {}
    for program in programs:
        for line in task.ask([*loader, str(program)]).splitlines():
            name, arrow, location = line.strip().partition(" => ")
            if arrow and location.startswith(str(folder)):
                found[f"usr/lib/{processor.triplet}/{name}"] = (folder / name).resolve()
    return found
