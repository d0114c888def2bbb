"""The entry point of `bin/pulumi-language-python`."""

from hybrid_mesh.plugins.python_standin.host import serve

serve()
