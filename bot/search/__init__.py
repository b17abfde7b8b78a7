"""The local full-text index of stories. A projection: it can be deleted and built anew."""
