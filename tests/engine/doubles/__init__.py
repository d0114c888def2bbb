"""Plug-ins that take the place of Google's, Amazon's and Kubernetes' under the real engine.

Each is an executable in `bin/`. They refuse what the installed SDK does not know, compute what a cloud
computes, record every call and keep what exists in one folder, the `World`, that the tests read.
"""
