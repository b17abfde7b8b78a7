"""Pure rendering: values in, messages out. The only place for HTML and callback data.

Nothing here reads a clock, awaits, or knows how a story was found; "now" is passed in.
"""
