"""How the tables came to be as they are: one module a version, which is never changed once it was released."""
