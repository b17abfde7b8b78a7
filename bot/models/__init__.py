"""The nouns of the product as frozen values. No behaviour that needs a clock, a library or I/O."""
