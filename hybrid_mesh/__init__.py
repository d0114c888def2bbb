"""Hybrid Mesh as a package: what `pip install hybrid-mesh` gives, and what every import here names.

Its folders are links to those at the top of the repository, so every module has one name, in a checkout and
installed.
"""
