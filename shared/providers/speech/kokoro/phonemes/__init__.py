"""What the model is given for a text: the symbols of every word."""
