"""The subjects of a picture: faces, and else what stands out."""
