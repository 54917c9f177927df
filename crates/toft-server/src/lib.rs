//! HTTP doors: the simulated cluster as a Kubernetes API over HTTPS.
