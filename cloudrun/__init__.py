"""Google Cloud Run: a platform, a trigger and deployment files."""
