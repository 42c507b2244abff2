"""What a client asks before it makes a video: which pipelines there are, which voices, how a
voice sounds, how a style looks."""
