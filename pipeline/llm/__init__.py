"""Requests to models behind an OpenAI-compatible endpoint; responses are cached, so none is paid for twice.

`client.LLMClient` is the entry point: it takes jobs and returns a result for each. Everything that shapes a
response (model, revision, messages, sampling, schema) comes from the caller, and so from params. The server's
address and the limits on requests come from the environment (`settings`).
"""
