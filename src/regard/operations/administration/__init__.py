"""What whoever runs an installation does: keys, the audit log, backups, imports, audits of the face model.

Operations of Regard's own, admitted and recorded as all others are. Those that are `is_local` name files and
answer with objects of Python; they are for the command line of whoever owns the data folder.
"""
