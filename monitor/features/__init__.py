"""Signal functions and the extractor that runs them over a stream."""
