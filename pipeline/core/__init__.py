"""Base of all packages: row types, params, storage, atomic writes, ids, errors, interrupts."""
