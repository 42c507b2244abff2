"""S3 and IBM Cloud Object Storage, by boto3."""
