"""Redis: the only source of truth. Keys, documents and transactions; no rules of the news."""
