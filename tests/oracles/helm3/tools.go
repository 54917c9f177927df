//go:build tools

// Package tools pins the upstream program that this module builds.
package main

import _ "helm.sh/helm/v3/cmd/helm"
