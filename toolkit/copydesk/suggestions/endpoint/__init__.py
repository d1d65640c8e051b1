"""Documents go to a language model behind an OpenAI-compatible address, and what it quotes from them comes back as suggestions."""
