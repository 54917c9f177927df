//! Kubernetes API calls as values: requests, responses, watch events, URLs, discovery, protobuf bodies.
