"""Tasks go in, people's labels come out: everything that speaks with Label Studio."""
