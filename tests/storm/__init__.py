"""Jobs against a hostile server, by a client that is killed: `python -m tests.storm`, or `make storm`.

The server runs in a process of its own and faults in all ways of `tests/pipeline/llm/fault_replies.py`. Its
log and the response cache show whether each item has one answer or one reason, and whether anything was paid
twice.
"""
