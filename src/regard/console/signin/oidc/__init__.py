"""Sign-in by an organisation's own identity provider, by OpenID Connect Core 1.0: the authorization code flow
with PKCE (RFC 7636). Issuer and `sub` name a person; what else the provider says of them gives them nothing.
"""
