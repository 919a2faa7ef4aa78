"""What whoever runs an installation does: keys, audit log, backups, imports, face models and their audits.

Operations of Regard's own, admitted and recorded as all others are. Those that are `is_local` name files and
answer with objects of Python; they are for the command line of whoever owns the data folder.
"""

from __future__ import annotations

from regard.operations.administration import (
    audit_log,
    audit_proofs,
    audit_rules,
    backups,
    celebrity_gallery,
    imports,
    keys,
    model_audits,
    quotas,
    upgrades,
    usage,
)

OPERATIONS = (
    *audit_log.OPERATIONS,
    *audit_proofs.OPERATIONS,
    *audit_rules.OPERATIONS,
    *backups.OPERATIONS,
    *celebrity_gallery.OPERATIONS,
    *imports.OPERATIONS,
    *keys.OPERATIONS,
    *model_audits.OPERATIONS,
    *quotas.OPERATIONS,
    *upgrades.OPERATIONS,
    *usage.OPERATIONS,
)
