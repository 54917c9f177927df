//! Schemas of built-in kinds and CRDs: discovery, fields, defaults, validation; the merges of the API server.
