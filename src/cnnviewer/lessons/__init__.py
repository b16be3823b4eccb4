"""The tour's playgrounds: what each of its pages asks, answered by the code that runs the real networks."""
