"""IBM Cloud Code Engine: a platform, a trigger and deployment files."""
