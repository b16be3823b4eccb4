"""The tour: what each page works out, on the code that runs the real networks."""
