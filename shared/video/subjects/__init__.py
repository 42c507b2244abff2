"""What a picture is of: faces, and else what stands out."""
