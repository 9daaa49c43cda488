"""Two people on two channels: who speaks, who cuts in, who is louder than at the start. Streaming, no clock."""
