//! kustomization tree to objects, in upstream's order and with upstream's merge.
