"""Evaluation of memories: retrieval, answering, metrics, rewards, judges, aggregates and the report."""
