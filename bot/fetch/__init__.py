"""HTTP in: documents fetched politely and safely. What a document means is not known here."""
