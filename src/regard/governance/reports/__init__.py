"""Reports: what the law or the public asks for, counted from the audit log and said with the log's head."""
