"""The bundled sample story's pictures and music, drawn by code."""
