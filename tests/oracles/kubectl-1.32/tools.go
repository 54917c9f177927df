//go:build tools

// Package tools pins the upstream programs that this module builds.
package tools

import (
	_ "k8s.io/kubernetes/cmd/kubectl"
)
