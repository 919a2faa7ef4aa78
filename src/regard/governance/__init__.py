"""The rules of responsible use. The gate asks; nothing here touches pixels or the wire.

Built: purposes and their thresholds (`purpose`), who may do what (`policy`), proof (`audit`).
To come, each a module that the gate asks at `admit` or `release`: review of candidates, authorizations
for surveillance, consent, retention and erasure, disclosure, metering.
"""
