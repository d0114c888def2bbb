"""Wrong sections around the mesh, encrypted values, keys beside the mesh."""

from tests.model.wrong_inputs.case import WrongInput, changed, identifier, top, whole

ROWS: dict[int, tuple[WrongInput, ...]] = {
    21: (
        identifier("secret id", "{secure: v1:abc:def}", "@:5: id: the value is encrypted", lacks=("quotes",)),
        identifier("secret in quotes", '{"secure": "v1:abc:def"}', "id: the value is encrypted"),
    ),
    22: (
        whole(
            "encrypted mesh",
            "config: {hybrid-mesh:mesh: {secure: v1:abc}}",
            "the mesh is encrypted",
            ":1:10: ",
        ),
    ),
    23: (
        whole(
            "mesh of text",
            "config:\n  hybrid-mesh:mesh: text\n",
            ":2:21: hybrid-mesh:mesh (text): must be a section",
        ),
    ),
    24: (
        whole("no config", "other: 1\n", "config: this required key is missing"),
        whole("empty", "", "the stack file is empty"),
        whole("comment", "# nothing\n", "the stack file is empty"),
        whole("config of text", "config: text\n", "config (text): must be a section of keys"),
        whole("list", "- config\n", "must be a section of keys"),
        whole("confg", "confg: {}\n", "config: this required key is missing", "Rename `confg` to `config`."),
    ),
    25: (
        changed(
            "no namespace",
            "hybrid-mesh:mesh:",
            "mesh:",
            "@:3: mesh: unknown key",
            "Did you mean `hybrid-mesh:mesh`?",
        ),
        changed("other key", "hybrid-mesh:mesh:", "hybrid-mesh:mehs:", "Did you mean `hybrid-mesh:mesh`?"),
        changed(
            "other namespace", "hybrid-mesh:mesh:", "hybridmesh:mesh:", "Did you mean `hybrid-mesh:mesh`?"
        ),
        changed(
            "old form", "hybrid-mesh:mesh:", "hybrid-mesh:config:mesh:", "Did you mean `hybrid-mesh:mesh`?"
        ),
    ),
    39: (
        top(
            "no keys of the root",
            "    trust: {issuer: files}",
            "root-key: this required key is missing",
            "--secret",
        ),
        changed(
            "plain key of the root",
            "  hybrid-mesh:mesh:\n",
            "  hybrid-mesh:root-key: secret-text\n  hybrid-mesh:mesh:\n    trust: {issuer: files}\n",
            "@:25: hybrid-mesh:root-key: this secret is stored in plain text",
            lacks=("secret-text",),
        ),
    ),
    49: (
        identifier(
            "binary", "!!binary bWVzaDE=", "id (!!binary): tags are not supported", lacks=("tag:yaml.org",)
        ),
        changed(
            "unknown flat key",
            "  hybrid-mesh:mesh:\n",
            "  hybrid-mesh:meshh: 1\n  hybrid-mesh:mesh:\n",
            "@:3: hybrid-mesh:meshh: unknown key",
            "Did you mean `hybrid-mesh:mesh`?",
        ),
    ),
}
