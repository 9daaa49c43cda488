"""Where sound comes from: recordings, arrays and microphones, all heard as blocks at the engine's rate."""
