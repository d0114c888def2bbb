"""The entry point of `bin/pulumi-language-python`."""

from plugins.python_standin.host import serve

serve()
