"""Signals as a terminal's programs get them."""

AS_IN_A_TERMINAL = ("env", "--default-signal=INT")
"""Before a command: lets SIGINT interrupt it even when the tests run in the background of a shell, which has
its children ignore that signal. Source: env(1) of GNU coreutils; signal(7) on what exec keeps."""
