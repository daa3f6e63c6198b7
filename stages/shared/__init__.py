"""Shared by the stages: how one runs, where its files lie, locks, versions of the data, evaluation."""
