"""The small base of all resource plug-ins of this project.

A plug-in is a `ResourceHandler` per type (`handler.py`; `declared.py` where properties are fixed sets of
names), a `Provider` that lists them (`provider.py`), and a `main` that calls `serve(provider)` (`server.py`).
Its launcher is a two-line script that runs `bin/run-plugin` with the name of its main module.
"""
