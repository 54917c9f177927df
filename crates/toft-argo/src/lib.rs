//! The types of argoproj.io/v1alpha1 and the meaning of them that every room shares.
