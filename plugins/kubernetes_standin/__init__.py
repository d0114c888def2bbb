"""A stand-in of Pulumi's `kubernetes` resource plug-in, for machines where that one cannot be had.

Behaves as the official plug-in does for what this project uses. Where `pulumi-resource-kubernetes` of
Pulumi is installed, that one is used; a stack made with one must be refreshed before the other takes it
over.
"""
