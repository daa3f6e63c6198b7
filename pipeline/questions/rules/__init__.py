"""Questions that rules make of the text of instances, without a model."""
