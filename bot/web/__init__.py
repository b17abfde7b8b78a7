"""HTTP for people and tools that run the bot. Pages and endpoints only; no rules."""
