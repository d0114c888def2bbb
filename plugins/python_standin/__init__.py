"""A replacement for Pulumi's Python language host, for hosts without it.

It answers the engine's calls about a program (`host.py`) and runs it with the program's interpreter
(`execute.py`). If Pulumi's `pulumi-language-python` is installed, that is used instead.
"""
