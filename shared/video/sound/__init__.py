"""Speech and music, mixed to one track."""
