"""The trail that nobody can rewrite.

Take what you need from its module: `audit.trail` knows a database, `audit.verify` needs nothing but
`cryptography`.
"""
