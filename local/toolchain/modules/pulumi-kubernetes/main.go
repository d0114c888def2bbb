// Pulumi's own resource plug-in for Kubernetes. Upstream's command embeds files that its release process
// generates and cannot be built as a dependency; this one embeds the same two files from the module's folder,
// from where the toolchain copies them.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

// version is set by the linker.
var version string

func main() {
	provider.Serve("kubernetes", version, schema, terraformMapping)
}
