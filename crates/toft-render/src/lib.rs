//! Source to rendering: the tool chosen as Argo CD chooses it; ApplicationSets to Applications.
