"""The small base of all resource plug-ins of this project.

A plug-in is a `ResourceHandler` per type (`handler.py`), a `Provider` that lists them (`provider.py`), and
a `__main__` that calls `serve(provider)` (`server.py`). Its launcher is a two-line script that runs
`bin/run-plugin` with the name of its package.
"""
