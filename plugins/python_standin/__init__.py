"""A stand-in of Pulumi's own Python language host, for VMs where that one cannot be had.

It says what the engine needs to run a program (`host.py`) and runs it in the program's own interpreter
(`execute.py`). Where `pulumi-language-python` of Pulumi is installed, that one is used.
"""
