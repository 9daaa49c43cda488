"""A judged call as it can be looked at: waveform, measures, lights, words and remarks, without a window."""
