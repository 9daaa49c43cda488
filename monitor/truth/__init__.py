"""What is true of a recording, told by people, against what the program made of it."""
