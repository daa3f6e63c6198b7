"""The report of a build: how much each source yielded and where the rest went, figures and examples."""
