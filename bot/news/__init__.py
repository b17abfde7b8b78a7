"""The rules of the wire: what a document says, what is one story, what is breaking. Pure."""
