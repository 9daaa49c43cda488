"""What is learnt, loaded or downloaded: recognisers, pronunciations, a speaker's usual voice."""
