"""The straight line from articles to a version: what each command does with a workspace, in order, resumable, counted."""
