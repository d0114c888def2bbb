"""How the application of a group gets onto a VM: by cloud-init, or by the installer of a bundle."""

import shlex

from hybrid_mesh.model.config.groups import ApplicationConfig, MachineFileConfig
from hybrid_mesh.model.texts.machine_texts import LIBRARY, MachineText

_UNITS = "/etc/systemd/system"


def application_texts(application: ApplicationConfig) -> tuple[MachineText, ...]:
    """The files and units that are written before anything else; files by URL are downloaded later."""
    files = tuple(
        MachineText(file.path, file.content, file.mode)
        for file in application.files
        if file.content is not None
    )
    return files + tuple(MachineText(f"{_UNITS}/{unit.name}", unit.content) for unit in application.units)


def application_commands(application: ApplicationConfig) -> list[list[str] | str]:
    """What cloud-init runs after that: downloads, the commands, the start of the units."""
    downloads = [[f"{LIBRARY}/fetch", *words] for words in _downloads(application.files)]
    commands: list[list[str] | str] = [*downloads, *application.commands]
    if application.units:
        names = " ".join(f"'{unit.name}'" for unit in application.units)
        commands.append(f"systemctl --quiet --no-block enable --now {names}")
    return commands


def bundled_application(application: ApplicationConfig) -> dict[str, str]:
    """The same for a bundle, by path in its folder `application`: the texts, numbered, the commands as one
    script, and `steps`, which calls the functions of `application.sh` in order. Empty for no application."""
    if application == ApplicationConfig():
        return {}
    texts = application_texts(application)
    steps: list[tuple[str, ...]] = []
    steps += [("file", str(index), text.path, text.mode) for index, text in enumerate(texts)]
    steps += [("download", *words) for words in _downloads(application.files)]
    files = {str(index): text.content for index, text in enumerate(texts)}
    if application.commands:
        files["commands"] = "".join(f"{command}\n" for command in application.commands)
        steps.append(("commands", "commands"))
    steps += [("unit", unit.name) for unit in application.units]
    return {**files, "steps": "".join(f"{shlex.join(step)}\n" for step in steps)}


def _downloads(files: tuple[MachineFileConfig, ...]) -> list[tuple[str, ...]]:
    """The arguments of `fetch` for each file by URL."""
    return [
        (file.url, file.path, file.mode, *((file.sha256,) if file.sha256 else ()))
        for file in files
        if file.url
    ]
