"""Pages that a person looks at: facts go in, HTML comes out; served on this machine, or as one file that needs nothing else."""
