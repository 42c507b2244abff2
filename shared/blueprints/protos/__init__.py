"""Proto files: compiled by protoc in a process of its own, and compared."""
