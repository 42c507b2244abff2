"""S3 and IBM Cloud Object Storage, with boto3."""
