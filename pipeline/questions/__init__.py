"""Questions of instances: the source's own, for labels, by rules and by models."""
