"""The base of the project's resource plug-ins.

A plug-in consists of a `ResourceHandler` per type (`handler.py`, or `declared.py` for types with a fixed set
of properties), a `Provider` that lists them (`provider.py`), and a `main` that calls `serve(provider)`
(`server.py`). Its launcher is a two-line script that runs `bin/run-plugin` with the name of its main module.
"""
