"""The nouns of Copydesk: frozen values, and the Arrow schema of every table."""
