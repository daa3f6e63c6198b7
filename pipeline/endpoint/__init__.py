"""Models behind an OpenAI-compatible endpoint: asked, and their answers kept, so that none is paid for twice.

`asking.Asker` is the door: items in, an outcome for each. What shapes an answer (model, revision, messages,
sampling, schema) comes from the caller, and so from params; where the server is, and how much may be asked of
it, comes from the environment (`settings`).
"""
