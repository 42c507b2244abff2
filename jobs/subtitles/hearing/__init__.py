"""What is said, by whom and when each word is: the sound in chunks, the words that are heard, their sentences
and translations. `recognition` finds the words, `alignment` their exact times.

Uses `job` and `shared`. What one stage alone decides, such as the order of all this, is in the stage.
"""
