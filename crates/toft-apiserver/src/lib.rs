//! The Kubernetes API as a pure machine: store, verbs, admission, watch history.
