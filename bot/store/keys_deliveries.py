"""Every key of fan-out, the delivery queue and the pace. Imports key_registry, never keys."""
