//! YAML text to tree to value and back, as kustomize and kubectl read and print it.
